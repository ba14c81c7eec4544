"""The methods, one file each."""

from .gan import GAN
from .image_classifier import ImageClassifier
from .minegan import MineGAN
from .mmnets import MixAndMatchNets
from .transfergan import TransferGAN

__all__ = ['GAN', 'ImageClassifier', 'MineGAN', 'MixAndMatchNets', 'TransferGAN']
