"""Resizing to a square."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS

__all__ = ['ResizeToSquare', 'resize_image', 'resize_to_square']

MODES = ('crop', 'stretch')


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes with the area filter along sides that shrink and the Lanczos filter along sides that grow.

    Args:
        image: uint8 (H, W, C).
        height: New height.
        width: New width.

    Returns:
        uint8 (height, width, C).
    """
    # OpenCV's area filter averages only where neither side grows, so shrinking comes first and by itself.
    smaller = (min(height, image.shape[0]), min(width, image.shape[1]))
    for size, filter_ in ((smaller, cv2.INTER_AREA), ((height, width), cv2.INTER_LANCZOS4)):
        if size != image.shape[:2]:
            image = cv2.resize(image, size[::-1], interpolation=filter_)
            image = image[..., None] if image.ndim == 2 else image
    return image


def resize_to_square(image: np.ndarray, size: int, mode: str = 'crop') -> np.ndarray:
    """Makes an image ``size`` x ``size``.

    Args:
        image: uint8 (H, W, C).
        size: Side of the result.
        mode: 'crop' resizes the shorter side to ``size`` and cuts out the centre (of an odd number of spare rows or
            columns the larger part is cut off at the end); 'stretch' resizes both sides.

    Returns:
        uint8 (size, size, C).
    """
    if mode == 'stretch':
        return resize_image(image, size, size)
    height, width = image.shape[:2]
    scale = size / min(height, width)
    image = resize_image(image, max(size, round(height * scale)), max(size, round(width * scale)))
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


@TRANSFORMS.register_module()
class ResizeToSquare(BaseTransform):
    """Makes ``results['img']`` a square, see :func:`resize_to_square`.

    Args:
        size: Side of the result.
        mode: 'crop' or 'stretch'.

    Raises:
        ValueError: ``size`` is below 1, or ``mode`` is another one.
    """

    def __init__(self, size: int, mode: str = 'crop') -> None:
        if size < 1:
            raise ValueError(f'an image of side {size} is asked for (dataset.image_size): it must be at least 1')
        if mode not in MODES:
            raise ValueError(f'resize mode {mode!r} (dataset.resize) is not one of {MODES}')
        self.size = size
        self.mode = mode

    def transform(self, results: dict) -> dict:
        results['img'] = resize_to_square(results['img'], self.size, self.mode)
        results['img_shape'] = results['img'].shape[:2]
        return results
