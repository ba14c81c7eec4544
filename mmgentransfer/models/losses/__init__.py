"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, VanillaLoss, WassersteinLoss, scores
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty

__all__ = [
    'AuxiliaryClassifierLoss',
    'DriftPenalty',
    'GradientPenalty',
    'HingeLoss',
    'LogisticLoss',
    'R1Penalty',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
