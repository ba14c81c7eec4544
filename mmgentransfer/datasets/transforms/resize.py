"""Resizing to a square or a rectangle."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS

__all__ = ['ResizeToSize', 'height_and_width', 'resize_image', 'resize_to_size']

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


def height_and_width(size: int | Sequence[int]) -> tuple[int, int]:
    """Returns a size that is a side or (height, width) as the latter.

    Raises:
        ValueError: It is neither, or a side is below 1.
    """
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise ValueError(
            f'images of the size {size} are asked for (dataset.image_size): it must be a side or (height, width), of '
            'at least 1 pixel'
        )
    return sides


def resize_to_size(image: np.ndarray, size: int | Sequence[int], mode: str = 'crop') -> np.ndarray:
    """Brings an image to a size.

    Args:
        image: uint8 (H, W, C).
        size: Side of the result, or its (height, width).
        mode: 'crop' resizes an image in its own proportions so that it just covers the result, and cuts out the centre
            (of an odd number of spare rows or columns the larger part is cut off at the end); 'stretch' resizes both
            sides.

    Returns:
        uint8 (height, width, C).
    """
    high, wide = height_and_width(size)
    if mode == 'stretch':
        return resize_image(image, high, wide)
    height, width = image.shape[:2]
    scale = max(high / height, wide / width)
    image = resize_image(image, max(high, round(height * scale)), max(wide, round(width * scale)))
    top, left = (image.shape[0] - high) // 2, (image.shape[1] - wide) // 2
    return image[top : top + high, left : left + wide]


@TRANSFORMS.register_module()
class ResizeToSize(BaseTransform):
    """Brings ``results['img']`` to a size, see :func:`resize_to_size`.

    Args:
        size: Side of the result, or its (height, width).
        mode: 'crop' or 'stretch'.

    Raises:
        ValueError: A side is below 1, or ``mode`` is another one.
    """

    def __init__(self, size: int | Sequence[int], mode: str = 'crop') -> None:
        if mode not in MODES:
            raise ValueError(f'resize mode {mode!r} (dataset.resize) is not one of {MODES}')
        self.size = height_and_width(size)
        self.mode = mode

    def transform(self, results: dict) -> dict:
        results['img'] = resize_to_size(results['img'], self.size, self.mode)
        results['img_shape'] = results['img'].shape[:2]
        return results
