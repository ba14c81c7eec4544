"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, VanillaLoss, WassersteinLoss, scores
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .denoising import DenoisingLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty
from .perceptual import PerceptualLoss, VGG16Features
from .reconstruction import GaussianKLLoss, L1Loss, LatentEMDLoss, ScaleShiftPenalty

__all__ = [
    'AuxiliaryClassifierLoss',
    'DenoisingLoss',
    'DriftPenalty',
    'GaussianKLLoss',
    'GradientPenalty',
    'HingeLoss',
    'L1Loss',
    'LatentEMDLoss',
    'LogisticLoss',
    'PerceptualLoss',
    'R1Penalty',
    'ScaleShiftPenalty',
    'VGG16Features',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
