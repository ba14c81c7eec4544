"""StarGAN v2: diverse translations between many domains."""

from .networks import (
    StarGANv2Discriminator,
    StarGANv2Generator,
    StarGANv2MappingNetwork,
    StarGANv2StyleEncoder,
)
from .stargan_v2 import StarGANv2

__all__ = [
    'StarGANv2',
    'StarGANv2Discriminator',
    'StarGANv2Generator',
    'StarGANv2MappingNetwork',
    'StarGANv2StyleEncoder',
]
