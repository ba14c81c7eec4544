"""Transforms of images, for a dataset's ``pipeline``; mmcv's own ones can be named beside them."""

from .loading import DecodeImage, decode_image
from .resize import ResizeToSquare, resize_image, resize_to_square

__all__ = ['DecodeImage', 'ResizeToSquare', 'decode_image', 'resize_image', 'resize_to_square']
