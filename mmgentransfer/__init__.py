"""mmgentransfer: transfer learning for image generation and image-to-image translation with few images."""

from .version import __version__

__all__ = ['__version__']
