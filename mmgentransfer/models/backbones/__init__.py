"""Networks that two or more methods use, one module a family."""

from __future__ import annotations

from .biggan import BigGANDiscriminator, BigGANGenerator
from .biggan_deep import BigGANDeepGenerator
from .classifiers import DigitClassifier, ResNet18Classifier
from .image_translation import EncoderDecoder, PatchGANDiscriminator, ResNetGenerator, UNetGenerator
from .mlp import AnalyticGenerator, MLPCritic, MLPGenerator
from .multi_scale_discriminator import MultiScaleDiscriminator
from .progan import ProGANDiscriminator, ProGANGenerator
from .segnet import Latent, SegNetDecoder, SegNetEncoder
from .sngan import SNGANDiscriminator, SNGANGenerator
from .stargan import StarGANDiscriminator, StarGANGenerator
from .stylegan import StyleGANGenerator
from .stylegan_discriminator import StyleGANDiscriminator
from .torchvision_classifier import TorchvisionClassifier
from .wgan_gp import WGANGPCritic, WGANGPGenerator
from .wgan_gp_28 import WGANGPCritic28, WGANGPGenerator28

__all__ = [
    'AnalyticGenerator',
    'BigGANDeepGenerator',
    'BigGANDiscriminator',
    'BigGANGenerator',
    'DigitClassifier',
    'EncoderDecoder',
    'Latent',
    'MLPCritic',
    'MLPGenerator',
    'MultiScaleDiscriminator',
    'PatchGANDiscriminator',
    'ProGANDiscriminator',
    'ProGANGenerator',
    'ResNet18Classifier',
    'ResNetGenerator',
    'SNGANDiscriminator',
    'SNGANGenerator',
    'SegNetDecoder',
    'SegNetEncoder',
    'StarGANDiscriminator',
    'StarGANGenerator',
    'StyleGANDiscriminator',
    'StyleGANGenerator',
    'TorchvisionClassifier',
    'UNetGenerator',
    'WGANGPCritic',
    'WGANGPCritic28',
    'WGANGPGenerator',
    'WGANGPGenerator28',
]
