"""Transforms of images, for a dataset's ``pipeline``; mmcv's own ones can be named beside them."""

from .loading import DecodeImage, decode_image
from .resize import ResizeToSize, height_and_width, resize_image, resize_to_size

__all__ = ['DecodeImage', 'ResizeToSize', 'decode_image', 'height_and_width', 'resize_image', 'resize_to_size']
