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
            for index, layer in enumerate(self.layers):
                followed_by_relu = self.act == 'relu' and index < len(self.layers) - 1
                weight = layer.parametrizations.weight.original if self.spectral_norm else layer.weight
                self._draw(weight, gain=2.0 if followed_by_relu else 1.0)
                nn.init.zeros_(layer.bias)
                if self.spectral_norm:
                    self._restart_power_iteration(layer)
        super().init_weights()

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

    def forward(self, u: Tensor) -> Tensor:
        """Maps noise ``u`` (N, ``in_features``), standard normal, to latents (N, ``out_features``).

        Raises:
            ValueError: ``u`` has the wrong shape.
        """
        if u.ndim != 2 or u.shape[1] != self.in_features:
            raise ValueError(
                f'MLPMiner takes u of the shape (N, {self.in_features}), the first of its dims, got {tuple(u.shape)}.'
            )
        *hidden, last = self.layers
        for layer in hidden:
            u = layer(u)
            u = self.norm(F.relu(u) if self.act == 'relu' else u)
        return last(u)


@MODELS.register_module()
class ConditionalMiner(BaseModule):
    """The two miners of a class-conditional generator, M_z and M_c, on the same noise u (thesis section 3.3.3).

    Args:
        miner_z: Config of M_z, whose output is the generator's noise z.
        miner_c: Config of M_c, whose output takes the place of a class embedding.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: The miners take noise of different widths.
    """

    def __init__(
        self,
        miner_z: dict[str, Any],
        miner_c: dict[str, Any],
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.miner_z, self.miner_c = MODELS.build(miner_z), MODELS.build(miner_c)
        if self.miner_z.in_features != self.miner_c.in_features:
            raise ValueError(
                f'ConditionalMiner: miner_z takes {self.miner_z.in_features} features and miner_c '
                f'{self.miner_c.in_features}; both take the same u, so the first of their dims must be equal.'
            )
        self.in_features = self.miner_z.in_features
        self.out_features = self.miner_z.out_features
        self.embedding_features = self.miner_c.out_features

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Maps noise ``u`` (N, ``in_features``) to z (N, ``out_features``) and c (N, ``embedding_features``)."""
        return self.miner_z(u), self.miner_c(u)
