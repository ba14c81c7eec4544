"""The loss that brings latents of aligned samples together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32

if TYPE_CHECKING:
    from mmgentransfer.models.backbones.segnet import Latent


@MODELS.register_module()
class LatentConsistencyLoss(WeightedLoss):
    """Distance between the latents of two modalities of the same samples, thesis eqs. 4.9 to 4.11.

    Args:
        loss_weight: Weight of the term.
        mode: ``'mse'``: mean of the squared differences; ``'norm'``: Euclidean norm of a sample's difference, averaged
            over samples, which is larger by orders of magnitude: 90.51 instead of 0.25 if (512, 8, 8) differ by 0.5.
        levels: What is compared, and summed: ``'latent'``, and ``'pool1'``, ``'pool2'``, ... for the output of the
            encoders' stages.

    Raises:
        ValueError: ``mode`` or a level is unknown, or there is no level.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        mode: Literal['mse', 'norm'] = 'mse',
        levels: Sequence[str] = ('latent',),
    ) -> None:
        super().__init__(loss_weight)
        if mode not in ('mse', 'norm'):
            raise ValueError(f"LatentConsistencyLoss: mode={mode!r} is unknown: use 'mse' or 'norm'.")
        if isinstance(levels, str) or not levels:
            raise ValueError(f"LatentConsistencyLoss: levels={levels!r} must be a list such as ['pool4', 'latent'].")
        for level in levels:
            if not re.fullmatch(r'latent|pool[1-9]\d*', level):
                raise ValueError(
                    f"LatentConsistencyLoss: levels has {level!r}: use 'latent', or 'pool1', 'pool2', ... for a stage."
                )
        self.mode = mode
        self.levels = tuple(levels)

    def forward(self, a: Latent, b: Latent) -> Tensor:
        """Returns the distance of two latents of the same samples, a scalar.

        Raises:
            ValueError: A level is beyond the encoders' stages, or the shapes differ.
        """
        return sum(self._distance(self._features(a, level), self._features(b, level)) for level in self.levels)

    @staticmethod
    def _features(latent: Latent, level: str) -> Tensor:
        if level == 'latent':
            return latent.h
        stage = int(level.removeprefix('pool'))
        if stage > len(latent.skips):
            raise ValueError(
                f'LatentConsistencyLoss: levels has {level!r}, but the encoders have {len(latent.skips)} stages.'
            )
        return latent.pooled(stage)

    def _distance(self, a: Tensor, b: Tensor) -> Tensor:
        if a.shape != b.shape:
            raise ValueError(
                f'LatentConsistencyLoss compares features of one shape, got {tuple(a.shape)} and {tuple(b.shape)}.'
            )
        difference = at_least_float32(a) - at_least_float32(b)
        if self.mode == 'mse':
            return difference.square().mean()
        return torch.linalg.vector_norm(difference.flatten(1), dim=1).mean()
