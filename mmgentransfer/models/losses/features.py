"""Distances of feature maps, level by level (TransferI2I supplement)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.models.layers.levels import by_level
from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32

_NORMS = {'l1': F.l1_loss, 'mse': F.mse_loss}


class _LevelwiseLoss(WeightedLoss):
    """A weighted sum over levels of the mean difference of two feature maps."""

    def __init__(self, key: str, weights: float | Mapping[int, float], norm: str, loss_weight: float) -> None:
        super().__init__(loss_weight)
        name = type(self).__name__
        if norm not in _NORMS:
            raise ValueError(f'{name}: norm={norm!r} is unknown: use one of {sorted(_NORMS)}.')
        self.weights = by_level(f'{name}.{key}', weights)
        given = self.weights.values() if isinstance(self.weights, dict) else [self.weights]
        if not all(math.isfinite(weight) and weight >= 0 for weight in given):
            raise ValueError(f'{name}: {key}={weights} must be finite numbers >= 0.')
        self.key = key
        self.norm = norm

    def _sum(self, outputs: Mapping[int, Tensor], targets: Mapping[int, Tensor]) -> Tensor:
        if set(outputs) != set(targets):
            raise ValueError(
                f'{type(self).__name__} compares the same levels, got {sorted(outputs)} and {sorted(targets)}.'
            )
        weights = self.weights if isinstance(self.weights, dict) else dict.fromkeys(targets, self.weights)
        if unknown := sorted(set(weights) - set(targets)):
            raise ValueError(
                f'{type(self).__name__}.{self.key} has the levels {unknown}; the features are at {sorted(targets)}.'
            )
        distance = _NORMS[self.norm]
        return sum(
            weight * distance(at_least_float32(outputs[side]), at_least_float32(targets[side]))
            for side, weight in weights.items()
        )


@MODELS.register_module()
class AdaptorAlignmentLoss(_LevelwiseLoss):
    r"""How far an adaptor's maps are from the generator's own (TransferI2I supplement, eq. 2).

    .. math:: L_{ali} = \sum_l \overline{|G(z, c)_l - A_l(D(G(z, c))_l)|}

    Args:
        loss_weight: Weight of the term.
        norm: ``'l1'``, or ``'mse'`` for squared differences; each is the mean over all values of a level.
        level_weights: Factor of each level, by resolution; or one number for all.

    Raises:
        ValueError: ``norm`` is unknown, or a factor is negative or not finite.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        norm: Literal['l1', 'mse'] = 'l1',
        level_weights: float | Mapping[int, float] = 1.0,
    ) -> None:
        super().__init__('level_weights', level_weights, norm, loss_weight)

    def forward(self, adapted: Mapping[int, Tensor], generated: Mapping[int, Tensor]) -> Tensor:
        """Returns the term for maps (N, C_r, r, r) by resolution r: the adaptor's, and the generator's, its targets.

        Raises:
            ValueError: The levels or the shapes differ.
        """
        return self._sum(adapted, {side: features.detach() for side, features in generated.items()})


@MODELS.register_module()
class FeatureReconstructionLoss(_LevelwiseLoss):
    r"""How far a translation's features in the discriminator are from its input's (TransferI2I supplement, eq. 4).

    .. math:: L_{rec} = \sum_l \alpha_l \overline{|D(x_1)_l - D(x_{12})_l|}

    Args:
        loss_weight: Weight of the term.
        norm: ``'l1'``, or ``'mse'`` for squared differences; each is the mean over all values of a level.
        alpha: Factor of each level, by resolution; or one number for all. A level that is left out counts nothing.

    Raises:
        ValueError: ``norm`` is unknown, or a factor is negative or not finite.
    """

    def __init__(
        self, loss_weight: float = 1.0, norm: Literal['l1', 'mse'] = 'l1', alpha: float | Mapping[int, float] = 1.0
    ) -> None:
        super().__init__('alpha', alpha, norm, loss_weight)

    def forward(self, translated: Mapping[int, Tensor], inputs: Mapping[int, Tensor]) -> Tensor:
        """Returns the term for features (N, C_r, r, r) by resolution r: the translations', and the inputs'.

        Raises:
            ValueError: The levels or the shapes differ.
        """
        return self._sum(translated, {side: features.detach() for side, features in inputs.items()})
