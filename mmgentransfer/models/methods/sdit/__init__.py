"""SDIT (thesis chapter 6)."""

from .discriminator import Judgement, SDITDiscriminator
from .networks import (
    CINBottleneck,
    CodeMLP,
    FeatureAttention,
    LabelConditionedEncoder,
    SDITGenerator,
    TranslationDecoder,
    fuse,
)
from .sdit import SDIT

__all__ = [
    'SDIT',
    'CINBottleneck',
    'CodeMLP',
    'FeatureAttention',
    'Judgement',
    'LabelConditionedEncoder',
    'SDITDiscriminator',
    'SDITGenerator',
    'TranslationDecoder',
    'fuse',
]
