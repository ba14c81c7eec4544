"""What the methods are compared with, one file each."""

from .bsa import BSA, LatentTable
from .cross_modal_stargan import CrossModalStarGAN, SharedBodyTranslator
from .cut import CUT, PatchFeatureHeads
from .cyclegan import CycleGAN
from .dgn_am import DGNAM
from .drit import (
    DRIT,
    DRITAttributeEncoder,
    DRITContentDiscriminator,
    DRITContentEncoder,
    DRITGeneratorConcat,
    DRITGeneratorFeatureWise,
)
from .icgan import IcGAN
from .icgan_networks import IcGANDiscriminator, IcGANEncoder, IcGANGenerator
from .nicegan import NICEGAN
from .nicegan_networks import NICEGANDiscriminator, NICEGANGenerator
from .pairwise_translators import PairwiseTranslators
from .pix2pix import Pix2Pix
from .ppgn import PPGN
from .scale_shift import ScaleShiftAdaptor
from .stargan import StarGAN
from .stargan_v2 import (
    StarGANv2,
    StarGANv2Discriminator,
    StarGANv2Generator,
    StarGANv2MappingNetwork,
    StarGANv2StyleEncoder,
)
from .vae import GaussianEncoder, GaussianTable, SupervisedVAE

__all__ = [
    'BSA',
    'CUT',
    'DGNAM',
    'DRIT',
    'NICEGAN',
    'PPGN',
    'CrossModalStarGAN',
    'CycleGAN',
    'DRITAttributeEncoder',
    'DRITContentDiscriminator',
    'DRITContentEncoder',
    'DRITGeneratorConcat',
    'DRITGeneratorFeatureWise',
    'GaussianEncoder',
    'GaussianTable',
    'IcGAN',
    'IcGANDiscriminator',
    'IcGANEncoder',
    'IcGANGenerator',
    'LatentTable',
    'NICEGANDiscriminator',
    'NICEGANGenerator',
    'PairwiseTranslators',
    'PatchFeatureHeads',
    'Pix2Pix',
    'ScaleShiftAdaptor',
    'SharedBodyTranslator',
    'StarGAN',
    'StarGANv2',
    'StarGANv2Discriminator',
    'StarGANv2Generator',
    'StarGANv2MappingNetwork',
    'StarGANv2StyleEncoder',
    'SupervisedVAE',
]
