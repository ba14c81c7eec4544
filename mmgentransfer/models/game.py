"""A method is a game: networks grouped into players, an iteration as a list of moves, a training as a list of stages.

This file holds the only training step of the project. A method says who plays (``players``), and how each player's
losses are computed (``<player>_losses``); everything else, freezing, backward passes, optimiser steps, averaging over
processes, is here.
"""

from __future__ import annotations

import copy
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.engine.distributed import average_gradients
from mmgentransfer.models.partial_training import MODES, check_patterns, rest_untrained_layers, set_mode
from mmgentransfer.models.step_random import StepRandom, derive_seed
from mmgentransfer.registry import MODELS, suggest

__all__ = ['AdversarialModel', 'Batch', 'Move', 'Stage']


@dataclass(frozen=True)
class Move:
    """One player's turn within an iteration.

    Args:
        player: Who updates its networks.
        repeat: Number of updates in a row, each on images of its own (the critic's ``n_critic``).
        accumulate: Number of micro-batches whose gradients are averaged for one update.
    """

    player: str
    repeat: int = 1
    accumulate: int = 1


@dataclass(frozen=True)
class Stage:
    """A span of iterations with its own set of trained networks.

    Args:
        name: Shown in the log.
        iters: Number of iterations; None (all) for a game of one stage.
        train: Names of the networks that are updated; the others are frozen and in eval mode. None: all.
        loss_weights: Weights of loss terms in this stage, in place of the terms' own.
        lr: Learning rate of players in this stage, in place of their optimiser's.
        only: Regular expressions by network: only parameters in whose name one is found are trained. The others get no
            gradient and no optimiser state; layers without a trained parameter are in eval mode.
        modes: Modes by network, in place of 'train' for trained and 'eval' for frozen ones: 'train', 'eval', or
            'fixed_statistics', 'train' with batch norms that use their running statistics and leave them alone.
    """

    name: str
    iters: int | None = None
    train: list[str] | None = None
    loss_weights: dict[str, float] = field(default_factory=dict)
    lr: dict[str, float] = field(default_factory=dict)
    only: dict[str, list[str]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)


class Batch(dict):
    """The tensors of one update by name, e.g. ``images`` (N, C, H, W), with the random numbers that belong to it."""

    def __init__(self, data: dict[str, Tensor], random: StepRandom) -> None:
        super().__init__(data)
        self.random = random

    @property
    def size(self) -> int:
        """Number of images N."""
        return next(iter(self.values())).shape[0]


class AdversarialModel(BaseModel):
    """Base class of every method.

    A subclass names its ``players`` (player -> names of its networks) and defines, for each, a method
    ``<player>_losses(batch: Batch) -> dict[str, Tensor]`` that returns unweighted scalar terms, named as in ``losses``.

    Args:
        networks: Config of each network by name; a list gives a ModuleList. Each becomes an attribute of the model.
        losses: Config of each loss term by name; a component has a ``loss_weight``.
        moves: Arguments of the :class:`Move` objects of one iteration, in order.
        stages: Arguments of the :class:`Stage` objects, in order; None: one stage that trains everything.
        data_preprocessor: Config of the preprocessor.
        init_cfg: MMEngine's initialisation config of the model as a whole.

    Raises:
        ValueError: Networks, players, moves or stages don't fit each other.
    """

    players: dict[str, list[str]] = {}
    frozen: list[str] = []
    """Networks that the method uses but no player trains: always in eval mode, never requiring gradients."""

    def __init__(
        self,
        networks: dict[str, dict | list[dict]],
        losses: dict[str, dict],
        moves: list[dict],
        stages: list[dict] | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = MODELS.build(data_preprocessor or dict(type='ImagePreprocessor'))
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        self.trainable_names = [name for names in self.players.values() for name in names]
        self.network_names = [*self.trainable_names, *self.frozen]
        _same_names('model.networks', networks, self.network_names)
        for name in self.network_names:
            setattr(self, name, self._build_network(name, networks[name]))
        for name in self.frozen:
            getattr(self, name).requires_grad_(False)
        self.losses = nn.ModuleDict({name: MODELS.build(cfg) for name, cfg in losses.items()})
        self.ema = nn.ModuleDict()
        self.moves = [self._parse_move(i, move) for i, move in enumerate(moves)]
        self.stages = [self._parse_stage(i, stage) for i, stage in enumerate(stages or [dict(name='train')])]
        if len(self.stages) > 1 and any(stage.iters is None for stage in self.stages):
            raise ValueError('every one of several model.stages needs its iters')
        self.enter_stage(0)

    # ------------------------------------------------------------------ building

    def _build_network(self, name: str, cfg: dict | list[dict]) -> nn.Module:
        """Builds a network from random numbers of its own, so that no other network's presence changes its weights."""
        with _forked_random(name):
            if isinstance(cfg, (list, tuple)):
                return nn.ModuleList(MODELS.build(item) for item in cfg)
            return MODELS.build(cfg)

    def _parse_move(self, index: int, cfg: dict) -> Move:
        try:
            move = Move(**cfg)
        except TypeError as error:
            raise ValueError(f'model.moves[{index}] = {dict(cfg)}: {error}') from None
        if move.player not in self.players:
            raise ValueError(
                f'model.moves[{index}].player is {move.player!r}; the players are {sorted(self.players)}.'
                f'{suggest(move.player, list(self.players))}'
            )
        if move.repeat < 1 or move.accumulate < 1:
            raise ValueError(f'model.moves[{index}]: repeat and accumulate are at least 1, got {dict(cfg)}')
        return move

    def _parse_stage(self, index: int, cfg: dict) -> Stage:
        try:
            stage = Stage(**cfg)
        except TypeError as error:
            raise ValueError(f'model.stages[{index}] = {dict(cfg)}: {error}') from None
        for key, names, known in (
            ('train', stage.train or [], self.trainable_names),
            ('loss_weights', stage.loss_weights, list(self.losses)),
            ('lr', stage.lr, list(self.players)),
            ('only', stage.only, self.trainable_names if stage.train is None else stage.train),
            ('modes', stage.modes, self.trainable_names),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(
                        f'model.stages[{index}].{key} names {name!r}; known are {known}.{suggest(name, known)}'
                    )
        if stage.iters is not None and stage.iters < 1:
            raise ValueError(f'model.stages[{index}].iters must be at least 1, got {stage.iters}')
        for name, mode in stage.modes.items():
            if mode not in MODES:
                raise ValueError(f'model.stages[{index}].modes[{name!r}] must be one of {MODES}, got {mode!r}')
        for name, patterns in stage.only.items():
            check_patterns(f'model.stages[{index}].only[{name!r}]', getattr(self, name), patterns)
        return stage

    def init_weights(self) -> None:
        """Initialises every network (random, then what its ``init_cfg`` asks), each from random numbers of its own.

        Moving averages start at these weights.
        """
        for name in self.network_names:
            network = getattr(self, name)
            with _forked_random(name), DefaultScope.overwrite_default_scope('mmgentransfer'):
                for member in network if isinstance(network, nn.ModuleList) else [network]:
                    if hasattr(member, 'init_weights'):
                        member._dump_init_info = _nothing  # MMEngine would print every tensor, as "unchanged"
                        member.init_weights()
        self.update_ema(momentum=0.0)
        self._is_init = True

    # ------------------------------------------------------------------ stages

    @property
    def stage(self) -> Stage:
        """The stage that the model is in."""
        return self.stages[self._stage_index]

    def stage_index_at(self, iteration: int) -> int:
        """Returns the index of the stage that ``iteration`` (counted from 0) belongs to."""
        end = 0
        for index, stage in enumerate(self.stages[:-1]):
            end += stage.iters
            if iteration < end:
                return index
        return len(self.stages) - 1

    def enter_stage(self, index: int) -> None:
        """Makes stage ``index`` the current one: what it does not train is frozen and in eval mode."""
        self._stage_index = index
        trained = self.network_names if self.stage.train is None else self.stage.train
        self.trained = {player: [n for n in names if n in trained] for player, names in self.players.items()}
        self.train(self.training)

    def train(self, mode: bool = True) -> AdversarialModel:
        """Sets the training mode; frozen networks and moving averages stay in eval mode."""
        super().train(mode)
        if mode:
            trained = {name for names in self.trained.values() for name in names}
            for name in self.network_names:
                network = getattr(self, name)
                set_mode(network, self.stage.modes.get(name, 'train' if name in trained else 'eval'))
                if name in self.stage.only and name not in self.stage.modes:
                    rest_untrained_layers(network, self.trained_parameters([name]))
            self.ema.eval()
        return self

    def trained_parameters(self, names: list[str]) -> list[nn.Parameter]:
        """Returns those parameters of the named networks that the current stage lets change."""
        return [
            parameter
            for name in names
            for key, parameter in getattr(self, name).named_parameters()
            if name not in self.stage.only or any(re.search(pattern, key) for pattern in self.stage.only[name])
        ]

    def check_dataset(self, dataset: Dataset) -> None:
        """Raises a ``ValueError`` if a method can't train on ``dataset``; called before training, it has no objection.

        Args:
            dataset: The training set, whose items are dicts of tensors.
        """

    def weight(self, term: str) -> float:
        """Returns the weight of a loss term in the current stage; 0 for a term that the config doesn't have."""
        if term not in self.losses:
            return 0.0
        return self.stage.loss_weights.get(term, self.losses[term].loss_weight)

    # ------------------------------------------------------------------ the training step

    @property
    def num_chunks(self) -> int:
        """Number of equal parts that the loader's batch is split into."""
        return max((move.repeat * move.accumulate for move in self.moves), default=1)

    def train_step(
        self, data: dict, optim_wrapper: dict[str, OptimWrapper], iteration: int = 0, seed: int = 0
    ) -> dict[str, Tensor]:
        """Plays every move once.

        Args:
            data: The loader's batch, holding the images of all repeats of the iteration.
            optim_wrapper: Optimiser wrapper of each player.
            iteration: Counter that the random numbers follow from.
            seed: The run's seed.

        Returns:
            Detached scalar terms of each move's last update, as ``player/term``.

        Raises:
            ValueError: The batch can't be split evenly into the repeats.
        """
        rank, world_size = get_rank(), get_world_size()

        def random(*counters: int) -> StepRandom:
            return StepRandom(seed, iteration, *counters, rank=rank, world_size=world_size, device=self._device)

        chunks = self._split(self.data_preprocessor(data, training=True, random=random(len(self.moves))))
        logs: dict[str, Tensor] = {}
        for index, move in enumerate(self.moves):
            if not self.trained[move.player]:
                continue
            with self._only_trainable(self.trained[move.player]) as parameters:
                for repeat in range(move.repeat):
                    first = repeat * move.accumulate
                    batches = [Batch(chunks[first + i], random(index, repeat, i)) for i in range(move.accumulate)]
                    terms = self._update(move.player, batches, parameters, optim_wrapper[move.player])
            logs.update({f'{move.player}/{name}': value for name, value in terms.items()})
        return logs

    def _update(
        self, player: str, batches: list[Batch], parameters: list[nn.Parameter], wrapper: OptimWrapper
    ) -> dict[str, Tensor]:
        """One optimiser step of ``player``; returns the detached terms of the last micro-batch."""
        losses: Callable[[Batch], dict[str, Tensor]] = getattr(self, f'{player}_losses')
        for batch in batches:
            with wrapper.optim_context(self):
                terms = losses(batch)
                total = sum(self.weight(name) * value for name, value in terms.items())
            wrapper.backward(total / len(batches) if len(batches) > 1 else total)
        average_gradients(parameters)
        wrapper.step()
        wrapper.zero_grad()
        return {name: value.detach() for name, value in terms.items()}

    @contextmanager
    def _only_trainable(self, names: list[str]) -> Iterator[list[nn.Parameter]]:
        """Lets only the named networks require gradients, yields their parameters, and frees everything afterwards."""
        parameters = self.trained_parameters(names)
        everything = [p for name in self.trainable_names for p in getattr(self, name).parameters()]
        for parameter in everything:
            parameter.requires_grad_(False)
            parameter.grad = None
        for parameter in parameters:
            parameter.requires_grad_(True)
        try:
            yield parameters
        finally:
            for parameter in everything:
                parameter.requires_grad_(True)

    def _split(self, batch: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        parts = self.num_chunks
        if parts == 1:
            return [batch]
        for key, value in batch.items():
            if value.shape[0] % parts:
                raise ValueError(
                    f"train_dataloader.batch_size: a batch of {value.shape[0]} {key} can't be split into the "
                    f'{parts} equal parts that model.moves need; take a multiple of {parts}'
                )
        pieces = {key: value.chunk(parts) for key, value in batch.items()}
        return [{key: piece[i] for key, piece in pieces.items()} for i in range(parts)]

    @property
    def _device(self) -> torch.device:
        return next(self.parameters()).device

    # ------------------------------------------------------------------ moving averages

    def add_ema(self, names: list[str]) -> None:
        """Adds a moving average of the named networks, which starts at their present weights."""
        for name in names:
            if name not in self.network_names:
                raise ValueError(
                    f'EMAHook.networks names {name!r}; the networks are {self.network_names}.'
                    f'{suggest(name, self.network_names)}'
                )
            self.ema[name] = copy.deepcopy(getattr(self, name)).requires_grad_(False).eval()

    @torch.no_grad()
    def update_ema(self, momentum: float) -> None:
        """Moves each average towards the live weights: average = momentum * average + (1 - momentum) * live.

        Buffers are copied.
        """
        for name, average in self.ema.items():
            live = getattr(self, name)
            torch._foreach_lerp_(list(average.parameters()), list(live.parameters()), 1 - momentum)
            for target, source in zip(average.buffers(), live.buffers(), strict=True):
                target.copy_(source)

    def network(self, name: str, which: str = 'ema') -> nn.Module:
        """Returns a network: its moving average if there is one and ``which='ema'``, else the live one."""
        if which not in ('ema', 'live'):
            raise ValueError(f"which must be 'ema' or 'live', got {which!r}")
        return self.ema[name] if which == 'ema' and name in self.ema else getattr(self, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Not part of a game: a method offers ``sample`` or ``translate``."""
        raise TypeError(f'{type(self).__name__} has no forward pass of its own; call its sampling method')


def _nothing() -> None:
    pass


def _same_names(key: str, given: dict, wanted: list[str]) -> None:
    unknown = sorted(set(given) - set(wanted))
    if unknown:
        raise ValueError(f'{key} has {unknown[0]!r}, the method has {wanted}.{suggest(unknown[0], wanted)}')
    missing = sorted(set(wanted) - set(given))
    if missing:
        raise ValueError(f'{key} lacks {missing}; the method needs {wanted}')


@contextmanager
def _forked_random(name: str) -> Iterator[None]:
    """Inside, random numbers follow from the global seed and ``name`` alone; outside, nothing has moved."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(torch.initial_seed(), zlib.crc32(name.encode())))
        yield
