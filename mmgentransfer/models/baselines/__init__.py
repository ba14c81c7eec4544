"""What the methods are compared with, one file each."""

from .bsa import BSA, LatentTable
from .cross_modal_stargan import CrossModalStarGAN, SharedBodyTranslator
from .cyclegan import CycleGAN
from .dgn_am import DGNAM
from .pix2pix import Pix2Pix
from .ppgn import PPGN
from .scale_shift import ScaleShiftAdaptor
from .stargan import StarGAN
from .vae import GaussianEncoder, GaussianTable, SupervisedVAE

__all__ = [
    'BSA',
    'DGNAM',
    'PPGN',
    'CrossModalStarGAN',
    'CycleGAN',
    'GaussianEncoder',
    'GaussianTable',
    'LatentTable',
    'Pix2Pix',
    'ScaleShiftAdaptor',
    'SharedBodyTranslator',
    'StarGAN',
    'SupervisedVAE',
]
