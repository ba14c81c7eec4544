"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, VanillaLoss, WassersteinLoss, scores
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty
from .translation import AutoencoderLoss, PseudoPairLoss

__all__ = [
    'AutoencoderLoss',
    'AuxiliaryClassifierLoss',
    'DriftPenalty',
    'GradientPenalty',
    'HingeLoss',
    'LogisticLoss',
    'PseudoPairLoss',
    'R1Penalty',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
