"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, LSGANLoss, VanillaLoss, WassersteinLoss, scores
from .alignment import LatentConsistencyLoss
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .denoising import DenoisingLoss
from .depth import BerhuLoss
from .domains import DomainLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty
from .perceptual import PerceptualLoss, VGG16Features
from .pixel import PixelLoss
from .reconstruction import GaussianKLLoss, L1Loss, LatentEMDLoss, ScaleShiftPenalty
from .segmentation import CrossEntropyLoss
from .translation import AutoencoderLoss, ModalitySumLoss, PseudoPairLoss

__all__ = [
    'AutoencoderLoss',
    'AuxiliaryClassifierLoss',
    'BerhuLoss',
    'CrossEntropyLoss',
    'DenoisingLoss',
    'DomainLoss',
    'DriftPenalty',
    'GaussianKLLoss',
    'GradientPenalty',
    'HingeLoss',
    'L1Loss',
    'LSGANLoss',
    'LatentConsistencyLoss',
    'LatentEMDLoss',
    'LogisticLoss',
    'ModalitySumLoss',
    'PerceptualLoss',
    'PixelLoss',
    'PseudoPairLoss',
    'R1Penalty',
    'ScaleShiftPenalty',
    'VGG16Features',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
