"""TransferI2I: image-to-image translation from small data sets by transferring GANs."""

from .encoder import DiscriminatorEncoder
from .shared_generator import PartialSharedGenerator
from .transferi2i import TransferI2I

__all__ = ['DiscriminatorEncoder', 'PartialSharedGenerator', 'TransferI2I']
