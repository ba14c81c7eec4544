"""Miners: networks in front of a frozen generator that find the useful part of its latent space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as add_spectral_norm

from mmgentransfer.models.layers.norms import PixelNorm
from mmgentransfer.registry import MODELS

_INIT_KEYS = {'scaled': set(), 'normal': {'std'}, 'orthogonal': set()}
# As many power iterations as PyTorch does when it adds a spectral norm to a layer.
_POWER_ITERATIONS = 15


@MODELS.register_module()
class MLPMiner(BaseModule):
    """The miner M, a fully connected network from noise u to the latent z of a generator (thesis section 3.3.2).

    Nothing follows its last layer.

    Args:
        dims: All widths, from the length of u to that of z (thesis section A.2.1 lists them).
        act: ``'relu'`` between the layers, or ``None`` for a product of linear maps.
        norm: ``'pixel'`` for a :class:`PixelNorm` after each activation, or ``None``.
        spectral_norm: Whether every weight is divided by its largest singular value.
        init: How weights are drawn; biases start at 0. ``dict(type='scaled')``: normal with the standard deviation
            sqrt(2/fan_in) before a ReLU and sqrt(1/fan_in) elsewhere, so that z starts with a variance near 1;
            ``dict(type='normal', std=0.02)``: normal with this standard deviation; ``dict(type='orthogonal')``.
        init_cfg: MMEngine's initialisation config, applied after ``init``.

    Raises:
        ValueError: ``dims`` has less than two widths, or ``act``, ``norm`` or ``init`` is unknown.
    """

    def __init__(
        self,
        dims: Sequence[int],
        act: Literal['relu'] | None = 'relu',
        norm: Literal['pixel'] | None = None,
        spectral_norm: bool = False,
        init: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(dims) < 2 or min(dims) < 1:
            raise ValueError(f'dims={tuple(dims)} must hold at least two positive widths, of u first and of z last.')
        if act not in (None, 'relu'):
            raise ValueError(f"act={act!r} is unknown: use 'relu' or None.")
        if norm not in (None, 'pixel'):
            raise ValueError(f"norm={norm!r} is unknown: use 'pixel' or None.")
        self.in_features, self.out_features = dims[0], dims[-1]
        self.act = act
        self.init = self._check_init({'type': 'scaled'} if init is None else dict(init))
        layers = [nn.Linear(i, o) for i, o in pairwise(dims)]
        self.layers = nn.ModuleList(add_spectral_norm(layer) if spectral_norm else layer for layer in layers)
        self.norm = PixelNorm() if norm else nn.Identity()
        self.spectral_norm = spectral_norm

    @staticmethod
    def _check_init(init: dict[str, Any]) -> dict[str, Any]:
        kind = init.get('type')
        if kind not in _INIT_KEYS or set(init) - {'type'} != _INIT_KEYS[kind]:
            raise ValueError(
                f"init={init} is unknown: use dict(type='scaled'), dict(type='normal', std=NUMBER) "
                f"or dict(type='orthogonal')."
            )
        return init

    def init_weights(self) -> None:
        """Draws all weights as ``init`` says, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            *hidden, last = self.layers
            for layer in hidden:
                self._init_layer(layer, gain=2.0 if self.act == 'relu' else 1.0)
            for layer in last if isinstance(last, nn.ModuleList) else [last]:
                self._init_layer(layer, gain=1.0)
        super().init_weights()

    def _init_layer(self, layer: nn.Module, gain: float) -> None:
        self._draw(layer.parametrizations.weight.original if self.spectral_norm else layer.weight, gain)
        nn.init.zeros_(layer.bias)
        if self.spectral_norm:
            self._restart_power_iteration(layer)

    def _draw(self, weight: Tensor, gain: float) -> None:
        if self.init['type'] == 'orthogonal':
            nn.init.orthogonal_(weight)
        elif self.init['type'] == 'normal':
            nn.init.normal_(weight, std=self.init['std'])
        else:
            nn.init.normal_(weight, std=math.sqrt(gain / weight.shape[1]))

    @staticmethod
    @torch.no_grad()
    def _restart_power_iteration(layer: nn.Module) -> None:
        """Brings the estimated singular vectors of ``layer`` up to date with its new weight."""
        training = layer.training
        layer.train()
        for _ in range(_POWER_ITERATIONS):
            _ = layer.weight  # in training mode every access is one power iteration
        layer.train(training)

    def hidden(self, u: Tensor) -> Tensor:
        """Maps noise ``u`` (N, ``in_features``) to the features (N, h) that the last layer takes.

        Raises:
            ValueError: ``u`` has the wrong shape.
        """
        if u.ndim != 2 or u.shape[1] != self.in_features:
            raise ValueError(
                f'{type(self).__name__} takes u of the shape (N, {self.in_features}), the first of its dims, got '
                f'{tuple(u.shape)}.'
            )
        for layer in self.layers[:-1]:
            u = layer(u)
            u = self.norm(F.relu(u) if self.act == 'relu' else u)
        return u

    def forward(self, u: Tensor) -> Tensor:
        """Maps noise ``u`` (N, ``in_features``), standard normal, to latents (N, ``out_features``).

        Raises:
            ValueError: ``u`` has the wrong shape.
        """
        return self.layers[-1](self.hidden(u))


@MODELS.register_module()
class ConditionalMiner(BaseModule):
    """The two miners of a class-conditional generator, M_z and M_c, on the same noise u (thesis section 3.3.3).

    One of them can be left out: without ``miner_z`` the noise u is z itself; without ``miner_c`` all images have the
    class ``fixed_class``, whose embedding is looked up and stays what it is, also when the generator is fine-tuned.

    Args:
        miner_z: Config of M_z, whose output is the generator's noise z; None to mine the class alone.
        miner_c: Config of M_c, whose output takes the place of a class embedding; None to mine z alone.
        fixed_class: Number of the class that goes with ``miner_c=None``.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: The miners take noise of different widths, there is neither, or ``fixed_class`` is missing without
            ``miner_c`` or given with it.
    """

    def __init__(
        self,
        miner_z: dict[str, Any] | None,
        miner_c: dict[str, Any] | None,
        fixed_class: int | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if miner_z is None and miner_c is None:
            raise ValueError('ConditionalMiner needs a miner_z, a miner_c, or both: both are None.')
        if (miner_c is None) != (fixed_class is not None):
            raise ValueError(
                f'ConditionalMiner.fixed_class={fixed_class}: it is the class that all images have with miner_c=None, '
                'and needed then, and has no meaning with a miner_c.'
            )
        self.miner_z = MODELS.build(miner_z) if miner_z is not None else None
        self.miner_c = MODELS.build(miner_c) if miner_c is not None else None
        self.fixed_class = fixed_class
        widths = [miner.in_features for miner in (self.miner_z, self.miner_c) if miner is not None]
        if len(set(widths)) > 1:
            raise ValueError(
                f'ConditionalMiner: miner_z takes {widths[0]} features and miner_c {widths[1]}; both take the same u, '
                'so the first of their dims must be equal.'
            )
        self.in_features = widths[0]
        self.out_features = self.in_features if self.miner_z is None else self.miner_z.out_features
        self.embedding_features = 0 if self.miner_c is None else self.miner_c.out_features

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Maps noise ``u`` (N, ``in_features``) to z (N, ``out_features``) and what says the class.

        That is an embedding c (N, ``embedding_features``), or with a ``fixed_class`` labels (N,) int64.
        """
        z = u if self.miner_z is None else self.miner_z(u)
        if self.miner_c is None:
            return z, torch.full((u.shape[0],), self.fixed_class, dtype=torch.int64, device=u.device)
        return z, self.miner_c(u)


class _OneHead(nn.Module):
    """The miner that one head of :class:`SharedTrunkMiners` is, on the weights of all."""

    def __init__(self, miners: SharedTrunkMiners, index: int) -> None:
        super().__init__()
        self.miners = miners
        self.index = index
        self.training = miners.training
        self.in_features, self.out_features = miners.in_features, miners.out_features

    def forward(self, u: Tensor) -> Tensor:
        return self.miners.layers[-1][self.index](self.miners.hidden(u))


@MODELS.register_module()
class SharedTrunkMiners(MLPMiner):
    """N miners that share all layers but the last (a variant of the thesis's independent miners).

    It stands in MineGAN's ``networks`` for the list of miners. With ``classify`` it has one more head, that of an
    :class:`AmortizedSelector`, which tells from u which generator will win.

    Args:
        num_miners: Number of miners N.
        dims: All widths of a miner, from the length of u to that of z; at least three.
        classify: Whether there is a head with a logit for each generator.
        **kwargs: As :class:`MLPMiner`.

    Raises:
        ValueError: ``dims`` has no hidden width, there is no miner, or as :class:`MLPMiner`.
    """

    def __init__(self, num_miners: int, dims: Sequence[int], classify: bool = False, **kwargs: Any) -> None:
        super().__init__(dims, **kwargs)
        if len(dims) < 3:
            raise ValueError(f'dims={tuple(dims)} needs a hidden width: the last layer is all that is not shared.')
        if num_miners < 1:
            raise ValueError(f'num_miners={num_miners} must be 1 or more.')

        def layer(width: int) -> nn.Module:
            linear = nn.Linear(dims[-2], width)
            return add_spectral_norm(linear) if self.spectral_norm else linear

        self.layers[-1] = nn.ModuleList(layer(dims[-1]) for _ in range(num_miners))
        self.classifier = layer(num_miners) if classify else None

    def init_weights(self) -> None:
        """Draws all weights as ``init`` says, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init and self.classifier is not None:
            self._init_layer(self.classifier, gain=1.0)
        super().init_weights()

    def __len__(self) -> int:
        return len(self.layers[-1])

    def __getitem__(self, index: int) -> nn.Module:
        """Returns one of the miners."""
        if not 0 <= index < len(self):
            raise IndexError(f'there are {len(self)} miners, and none has the number {index}')
        return _OneHead(self, index)

    def forward(self, u: Tensor) -> list[Tensor]:
        """Maps one noise ``u`` (N, ``in_features``) to the latents (N, ``out_features``) of each miner."""
        hidden = self.hidden(u)
        return [head(hidden) for head in self.layers[-1]]

    def logits(self, u: Tensor) -> Tensor:
        """Returns for noise ``u`` (N, ``in_features``) a logit (N, ``num_miners``) for each generator to win."""
        return self.classifier(self.hidden(u))
