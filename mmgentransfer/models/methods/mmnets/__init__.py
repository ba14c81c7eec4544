"""Mix and match networks (thesis chapter 4)."""

from .discriminators import PatchDiscriminator, RGBDiscriminator
from .fusion import LatentFusion
from .graph import TranslationGraph, pairwise_networks
from .mmnets import MixAndMatchNets
from .modalities import DepthModality, ImageModality, MapModality, SegmentationModality
from .networks import PoolResEncoder, RGBDecoder, UnpoolResDecoder
from .preprocessor import ModalityPreprocessor
from .unpaired import UnpairedMixAndMatchNets

__all__ = [
    'DepthModality',
    'ImageModality',
    'LatentFusion',
    'MapModality',
    'MixAndMatchNets',
    'ModalityPreprocessor',
    'PatchDiscriminator',
    'PoolResEncoder',
    'RGBDecoder',
    'RGBDiscriminator',
    'SegmentationModality',
    'TranslationGraph',
    'UnpairedMixAndMatchNets',
    'UnpoolResDecoder',
    'pairwise_networks',
]
