"""DRIT, and DRIT++ with mode seeking: contents that two domains share, and an attribute code of each image."""

from __future__ import annotations

from .drit import DRIT
from .generators import DRITGeneratorConcat, DRITGeneratorFeatureWise
from .networks import DRITAttributeEncoder, DRITContentDiscriminator, DRITContentEncoder

__all__ = [
    'DRIT',
    'DRITAttributeEncoder',
    'DRITContentDiscriminator',
    'DRITContentEncoder',
    'DRITGeneratorConcat',
    'DRITGeneratorFeatureWise',
]
