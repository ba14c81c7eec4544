"""Layers that several networks share."""

from __future__ import annotations

from .initializers import WGANGPUniform
from .inputs import check_images, check_labels, check_noise, one_hot
from .norms import ChannelLayerNorm, ConditionalBatchNorm, PixelNorm
from .residual import DownResBlock, UpResBlock

__all__ = [
    'ChannelLayerNorm',
    'ConditionalBatchNorm',
    'DownResBlock',
    'PixelNorm',
    'UpResBlock',
    'WGANGPUniform',
    'check_images',
    'check_labels',
    'check_noise',
    'one_hot',
]
