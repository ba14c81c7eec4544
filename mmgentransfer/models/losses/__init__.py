"""Loss terms. Each has a ``loss_weight``; what it returns is not multiplied by it."""

from __future__ import annotations

from .adversarial import HingeLoss, LogisticLoss, LSGANLoss, VanillaLoss, WassersteinLoss, scores
from .alignment import LatentConsistencyLoss
from .base import WeightedLoss
from .classification import AuxiliaryClassifierLoss
from .codes import CodeL2Loss, ContentConfusionLoss, ModeSeekingLoss
from .contrastive import PatchNCELoss
from .denoising import DenoisingLoss
from .depth import BerhuLoss
from .diversity import StyleDiversityLoss
from .domains import DomainLoss, LatentCodeLoss
from .features import AdaptorAlignmentLoss, FeatureReconstructionLoss
from .gradient_penalty import DriftPenalty, GradientPenalty, R1Penalty
from .perceptual import PerceptualLoss, VGG16Features
from .pixel import PixelLoss
from .reconstruction import GaussianKLLoss, L1Loss, LatentEMDLoss, ScaleShiftPenalty
from .segmentation import CrossEntropyLoss
from .semantic import DomainInvariantPerceptualLoss, SemanticConstraintLoss
from .translation import AutoencoderLoss, ModalitySumLoss, PseudoPairLoss

__all__ = [
    'AdaptorAlignmentLoss',
    'AutoencoderLoss',
    'AuxiliaryClassifierLoss',
    'BerhuLoss',
    'CodeL2Loss',
    'ContentConfusionLoss',
    'CrossEntropyLoss',
    'DenoisingLoss',
    'DomainInvariantPerceptualLoss',
    'DomainLoss',
    'DriftPenalty',
    'FeatureReconstructionLoss',
    'GaussianKLLoss',
    'GradientPenalty',
    'HingeLoss',
    'L1Loss',
    'LSGANLoss',
    'LatentCodeLoss',
    'LatentConsistencyLoss',
    'LatentEMDLoss',
    'LogisticLoss',
    'ModalitySumLoss',
    'ModeSeekingLoss',
    'PatchNCELoss',
    'PerceptualLoss',
    'PixelLoss',
    'PseudoPairLoss',
    'R1Penalty',
    'ScaleShiftPenalty',
    'SemanticConstraintLoss',
    'StyleDiversityLoss',
    'VGG16Features',
    'VanillaLoss',
    'WassersteinLoss',
    'WeightedLoss',
    'scores',
]
