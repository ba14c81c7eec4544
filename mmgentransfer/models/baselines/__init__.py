"""What the methods are compared with, one file each."""

from .bsa import BSA, LatentTable
from .dgn_am import DGNAM
from .ppgn import PPGN
from .scale_shift import ScaleShiftAdaptor
from .vae import GaussianEncoder, GaussianTable, SupervisedVAE

__all__ = [
    'BSA',
    'DGNAM',
    'PPGN',
    'GaussianEncoder',
    'GaussianTable',
    'LatentTable',
    'ScaleShiftAdaptor',
    'SupervisedVAE',
]
