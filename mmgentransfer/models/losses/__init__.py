"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, LSGANLoss, VanillaLoss, WassersteinLoss, scores
from .alignment import LatentConsistencyLoss
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .depth import BerhuLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty
from .pixel import PixelLoss
from .segmentation import CrossEntropyLoss
from .translation import AutoencoderLoss, ModalitySumLoss, PseudoPairLoss

__all__ = [
    'AutoencoderLoss',
    'AuxiliaryClassifierLoss',
    'BerhuLoss',
    'CrossEntropyLoss',
    'DriftPenalty',
    'GradientPenalty',
    'HingeLoss',
    'LSGANLoss',
    'LatentConsistencyLoss',
    'LogisticLoss',
    'ModalitySumLoss',
    'PixelLoss',
    'PseudoPairLoss',
    'R1Penalty',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
