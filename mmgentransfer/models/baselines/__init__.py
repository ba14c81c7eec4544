"""What the methods are compared with, one file each."""

from .cyclegan import CycleGAN
from .pix2pix import Pix2Pix

__all__ = ['CycleGAN', 'Pix2Pix']
