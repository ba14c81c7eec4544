"""Layers that several networks share."""

from __future__ import annotations

from .convolutions import DrawnModule, build_norm, conv_norm_relu, draw_convolutions
from .equalised import Blur, EqualizedConv2d, EqualizedLinear, MinibatchStdDev
from .initializers import WGANGPUniform
from .inputs import check_images, check_labels, check_noise, one_hot
from .norms import ChannelLayerNorm, ConditionalBatchNorm, ConditionalInstanceNorm, MUNITLayerNorm, PixelNorm
from .residual import DownResBlock, UpResBlock
from .spectral import raw_weight, reset_spectral, spectral
from .taps import FeatureTaps

__all__ = [
    'Blur',
    'ChannelLayerNorm',
    'ConditionalBatchNorm',
    'ConditionalInstanceNorm',
    'DownResBlock',
    'DrawnModule',
    'EqualizedConv2d',
    'EqualizedLinear',
    'FeatureTaps',
    'MUNITLayerNorm',
    'MinibatchStdDev',
    'PixelNorm',
    'UpResBlock',
    'WGANGPUniform',
    'build_norm',
    'check_images',
    'check_labels',
    'check_noise',
    'conv_norm_relu',
    'draw_convolutions',
    'one_hot',
    'raw_weight',
    'reset_spectral',
    'spectral',
]
