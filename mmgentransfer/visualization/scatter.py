"""Images at places of a plane."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ['scatter_images']


def scatter_images(images: np.ndarray, positions: np.ndarray, size: int = 2000, thumbnail: int = 32) -> np.ndarray:
    """Draws images, made small, at their places on white; of two that overlap the later one is on top.

    Args:
        images: uint8 (N, H, W, C), C = 1 or 3.
        positions: Places (N, 2), in any unit; the second number grows upwards.
        size: Side of the picture in pixels.
        thumbnail: Height of an image in pixels.

    Returns:
        uint8 (size, size, 3).

    Raises:
        ValueError: There are not as many positions as images, or an image doesn't fit into the picture.
    """
    num, height, width = images.shape[:3]
    if positions.shape != (num, 2):
        raise ValueError(f'{num} images need positions of the shape ({num}, 2), got {positions.shape}')
    across = max(1, round(width * thumbnail / height))
    if max(across, thumbnail) > size:
        raise ValueError(f'images of {across}x{thumbnail} pixels do not fit into a picture of side {size}')
    lowest, highest = positions.min(0), positions.max(0)
    share = (positions - lowest) / np.where(highest > lowest, highest - lowest, 1)
    left = np.round(share[:, 0] * (size - across)).astype(int)
    top = np.round((1 - share[:, 1]) * (size - thumbnail)).astype(int)
    picture = np.full((size, size, 3), 255, np.uint8)
    for image, row, column in zip(images, top, left, strict=True):
        small = cv2.resize(image, (across, thumbnail), interpolation=cv2.INTER_AREA)
        picture[row : row + thumbnail, column : column + across] = small if small.ndim == 3 else small[:, :, None]
    return picture
