"""Where the object of an image is."""

from __future__ import annotations

import numpy as np

__all__ = ['centroid_distances', 'foreground_centroids']


def foreground_centroids(images: np.ndarray, threshold: float = 0.15) -> np.ndarray:
    """Returns the centres of gravity of what differs from the border.

    A pixel's weight is its absolute difference from the median of the border's pixels, in [-1, 1] and averaged over
    channels, minus ``threshold``, but at least 0. An image without such a pixel has its own middle.

    Args:
        images: uint8 (N, C, H, W).
        threshold: See above.

    Returns:
        float64 (N, 2): row and column, with 0 as the middle of the first pixel.

    Raises:
        ValueError: ``images`` have another shape.
    """
    if images.ndim != 4 or min(images.shape[2:]) < 2:
        raise ValueError(f'centroids need images (N, C, H, W) of 2 pixels or more each way, got {images.shape}')
    height, width = images.shape[2:]
    sides = (images[:, :, 0], images[:, :, -1], images[:, :, 1:-1, 0], images[:, :, 1:-1, -1])
    border = np.median(np.concatenate(sides, axis=2), axis=2)
    difference = np.abs(images - border[:, :, None, None]).mean(1) * (2 / 255)
    weight = np.maximum(difference - threshold, 0)
    total = weight.sum((1, 2))
    empty = total == 0
    weight[empty], total[empty] = 1.0, height * width
    rows, columns = (weight.sum(axis) @ np.arange(size) for axis, size in ((2, height), (1, width)))
    return np.stack([rows, columns], axis=1) / total[:, None]


def centroid_distances(inputs: np.ndarray, outputs: np.ndarray, threshold: float = 0.15) -> np.ndarray:
    """Returns how far the objects of translations are from those of their inputs, in pixels.

    Args:
        inputs: uint8 (N, C, H, W).
        outputs: uint8 (N, K, C, H, W).
        threshold: See :func:`foreground_centroids`.

    Returns:
        float64 (N, K).
    """
    before = foreground_centroids(inputs, threshold)
    after = foreground_centroids(outputs.reshape(-1, *outputs.shape[2:]), threshold)
    return np.linalg.norm(after.reshape(*outputs.shape[:2], 2) - before[:, None], axis=2)
