"""Mix and match networks (thesis chapter 4)."""

from .graph import TranslationGraph, pairwise_networks
from .mmnets import MixAndMatchNets
from .modalities import DepthModality, ImageModality, MapModality, SegmentationModality
from .preprocessor import ModalityPreprocessor

__all__ = [
    'DepthModality',
    'ImageModality',
    'MapModality',
    'MixAndMatchNets',
    'ModalityPreprocessor',
    'SegmentationModality',
    'TranslationGraph',
    'pairwise_networks',
]
