"""Selectors: how often each of several mined generators is sampled (thesis section 3.3.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmgentransfer.registry import MODELS

_RECORDED_PLAYERS = {'miner': ('generator',), 'critic': ('critic',), 'both': ('critic', 'generator')}


class Selector(nn.Module):
    """Base class: a categorical distribution p over N generators.

    Args:
        num_generators: N; the model fills it in.

    Raises:
        ValueError: There is nothing to select from.
    """

    def __init__(self, num_generators: int) -> None:
        super().__init__()
        if num_generators < 2:
            raise ValueError(
                f'model.selector = {type(self).__name__} selects among several generators, but '
                f'model.networks.generators has {num_generators}: leave the selector out'
            )
        self.num_generators = num_generators

    @property
    def probabilities(self) -> Tensor:
        """p, (N,); sums to 1."""
        raise NotImplementedError

    def record(self, player: str, winners: Tensor) -> None:
        """Takes note of which generator won each supersample of a minibatch; without effect unless p is learned.

        Args:
            player: Whose move it is, 'critic' or 'generator'.
            winners: Indices (K,) int64.
        """

    def choose(self, noise: Tensor) -> Tensor:
        """Maps standard normal ``noise`` (n,) to indices (n,) int64 on the CPU, distributed as p.

        The noise goes through its distribution function and then through the inverse of p's, so that a choice follows
        from its noise and p alone. A generator with p = 0 is never chosen.
        """
        cumulative = self.probabilities.double().cpu().cumsum(0)
        uniform = torch.special.ndtr(noise.double().cpu()).clamp(max=1 - 1e-12)
        return torch.searchsorted(cumulative / cumulative[-1], uniform, right=True)


@MODELS.register_module()
class FrequencySelector(Selector):
    """p is how often each generator won in the last minibatches (thesis section 3.3.3); uniform before the first.

    With several processes the wins of all of them are counted. Each micro-batch of an accumulated update counts as a
    minibatch. The record is part of the model's state dict.

    Args:
        num_generators: N; the model fills it in.
        window: Number of minibatches that are remembered.
        record_on: Whose minibatches count: those of the 'miner' (one an iteration, scored by the up-to-date critic), of
            the 'critic', or 'both'.
        floor: Least probability of a generator: p is mixed with the uniform distribution, floor + (1 - N floor) p.

    Raises:
        ValueError: There are fewer than two generators, ``window`` is not positive, ``record_on`` is unknown, or
            ``floor`` is not in [0, 1/N].
    """

    def __init__(
        self,
        num_generators: int,
        window: int = 1000,
        record_on: Literal['miner', 'critic', 'both'] = 'miner',
        floor: float = 0.0,
    ) -> None:
        super().__init__(num_generators)
        if window < 1:
            raise ValueError(f'model.selector.window must be at least 1, got {window}')
        if record_on not in _RECORDED_PLAYERS:
            raise ValueError(f"model.selector.record_on must be 'miner', 'critic' or 'both', got {record_on!r}")
        if not 0 <= floor <= 1 / num_generators:
            raise ValueError(
                f'model.selector.floor must be between 0 and 1/{num_generators}, as there are {num_generators} '
                f'generators, got {floor}'
            )
        self.window = window
        self.record_on = record_on
        self.floor = floor
        self.register_buffer('history', torch.zeros(window, num_generators))  # one minibatch's shares a row
        self.register_buffer('pointer', torch.zeros(1, dtype=torch.int64))  # the row that is written next
        self.register_buffer('count', torch.zeros(1, dtype=torch.int64))  # rows that are filled

    @property
    def probabilities(self) -> Tensor:
        """p, (N,); sums to 1."""
        uniform = torch.full_like(self.history[0], 1 / self.num_generators)
        observed = self.history.sum(0) / self.count.clamp(min=1)
        learned = torch.where(self.count > 0, observed, uniform)
        return self.floor + (1 - self.num_generators * self.floor) * learned

    @torch.no_grad()
    def record(self, player: str, winners: Tensor) -> None:
        """Remembers each generator's share of the ``winners`` (K,) of a minibatch, if this player's count."""
        if player not in _RECORDED_PLAYERS[self.record_on]:
            return
        indices = torch.arange(self.num_generators, device=winners.device)
        wins = (winners[:, None] == indices).sum(0).to(self.history.dtype)
        all_reduce(wins)
        self.history.index_copy_(0, self.pointer, (wins / wins.sum())[None])
        self.pointer.add_(1).remainder_(self.window)
        self.count.add_(1).clamp_(max=self.window)

    def extra_repr(self) -> str:
        return f'window={self.window}, record_on={self.record_on!r}, floor={self.floor}'


@MODELS.register_module()
class AmortizedSelector(FrequencySelector):
    """The generator of a sample follows from its noise u: a classifier tells from u which generator will win.

    A variant of the thesis's selector, for :class:`SharedTrunkMiners` with ``classify=True`` and ``shared_noise=True``:
    their softmax head learns, by the cross-entropy of ``losses.selector``, the index of each supersample's winner, and
    the shared layers learn from it too. Beside it the frequencies are counted as by a :class:`FrequencySelector`; they
    are the p that is logged and scored, and decide until the head has begun to learn.

    Args:
        num_generators: N; the model fills it in.
        start_iter: Number of the miners' minibatches before the head begins to learn.
        mode: 'argmax' takes the most probable generator, 'sample' draws one from the head's softmax.
        **kwargs: As :class:`FrequencySelector`.

    Raises:
        ValueError: ``start_iter`` is negative, ``mode`` is unknown, or as :class:`FrequencySelector`.
    """

    def __init__(
        self, num_generators: int, start_iter: int = 1000, mode: Literal['argmax', 'sample'] = 'argmax', **kwargs: Any
    ) -> None:
        super().__init__(num_generators, **kwargs)
        if start_iter < 0:
            raise ValueError(f'model.selector.start_iter must be 0 or more, got {start_iter}')
        if mode not in ('argmax', 'sample'):
            raise ValueError(f"model.selector.mode must be 'argmax' or 'sample', got {mode!r}")
        self.start_iter = start_iter
        self.mode = mode
        self.register_buffer('updates', torch.zeros(1, dtype=torch.int64))  # minibatches of the miners so far

    @torch.no_grad()
    def record(self, player: str, winners: Tensor) -> None:
        """Remembers a minibatch as :class:`FrequencySelector` does, and counts those of the miners."""
        super().record(player, winners)
        if player == 'generator':
            self.updates.add_(1)

    def loss(self, logits: Tensor, winners: Tensor, cross_entropy: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """Returns the term of the ``logits`` (K, N) and the ``winners`` (K,), which is 0 before ``start_iter``."""
        return torch.where(self.updates[0] > self.start_iter, cross_entropy(logits, winners), 0.0)

    def choose_by(self, logits: Tensor, noise: Tensor) -> Tensor:
        """Maps ``logits`` (n, N) and standard normal ``noise`` (n,) to indices (n,) int64 on the CPU."""
        if int(self.updates) <= self.start_iter:
            return self.choose(noise)
        if self.mode == 'argmax':
            return logits.argmax(1).cpu()
        cumulative = logits.double().cpu().softmax(1).cumsum(1)
        uniform = torch.special.ndtr(noise.double().cpu()).clamp(max=1 - 1e-12)
        return torch.searchsorted(cumulative / cumulative[:, -1:], uniform[:, None], right=True).squeeze(1)


@MODELS.register_module()
class FixedSelector(Selector):
    """p is given and stays what it is.

    Args:
        num_generators: N; the model fills it in.
        probs: p, one number for each generator; None for the uniform distribution.

    Raises:
        ValueError: There are fewer than two generators, or ``probs`` are not N non-negative numbers that sum to 1.
    """

    def __init__(self, num_generators: int, probs: Sequence[float] | None = None) -> None:
        super().__init__(num_generators)
        values = [1 / num_generators] * num_generators if probs is None else [float(p) for p in probs]
        if len(values) != num_generators or min(values) < 0 or not math.isclose(sum(values), 1, abs_tol=1e-6):
            raise ValueError(
                f'model.selector.probs must be {num_generators} non-negative numbers, one for each of '
                f'model.networks.generators, that sum to 1; got {probs}'
            )
        self.register_buffer('_probabilities', torch.tensor(values), persistent=False)

    @property
    def probabilities(self) -> Tensor:
        """p, (N,); sums to 1."""
        return self._probabilities
