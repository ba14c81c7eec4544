"""The methods, one file each."""

from .gan import GAN
from .image_classifier import ImageClassifier
from .minegan import MineGAN
from .mmnets import MixAndMatchNets
from .sdit import SDIT
from .transfergan import TransferGAN
from .transferi2i import TransferI2I
from .udit import MUNIT, UDIT

__all__ = [
    'GAN',
    'MUNIT',
    'SDIT',
    'UDIT',
    'ImageClassifier',
    'MineGAN',
    'MixAndMatchNets',
    'TransferGAN',
    'TransferI2I',
]
