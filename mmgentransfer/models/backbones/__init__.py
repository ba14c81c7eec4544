"""Networks that two or more methods use, one module a family."""

from __future__ import annotations

from .biggan import BigGANDiscriminator, BigGANGenerator
from .biggan_deep import BigGANDeepGenerator
from .classifiers import DigitClassifier, ResNet18Classifier
from .mlp import AnalyticGenerator, MLPCritic, MLPGenerator
from .progan import ProGANDiscriminator, ProGANGenerator
from .segnet import Latent, SegNetDecoder, SegNetEncoder
from .sngan import SNGANDiscriminator, SNGANGenerator
from .stylegan import StyleGANDiscriminator, StyleGANGenerator
from .torchvision_classifier import TorchvisionClassifier
from .wgan_gp import WGANGPCritic, WGANGPGenerator
from .wgan_gp_28 import WGANGPCritic28, WGANGPGenerator28

__all__ = [
    'AnalyticGenerator',
    'BigGANDeepGenerator',
    'BigGANDiscriminator',
    'BigGANGenerator',
    'DigitClassifier',
    'Latent',
    'MLPCritic',
    'MLPGenerator',
    'ProGANDiscriminator',
    'ProGANGenerator',
    'ResNet18Classifier',
    'SNGANDiscriminator',
    'SNGANGenerator',
    'SegNetDecoder',
    'SegNetEncoder',
    'StyleGANDiscriminator',
    'StyleGANGenerator',
    'TorchvisionClassifier',
    'WGANGPCritic',
    'WGANGPCritic28',
    'WGANGPGenerator',
    'WGANGPGenerator28',
]
