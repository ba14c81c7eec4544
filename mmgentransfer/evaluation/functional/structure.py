"""Where the object of an image is, and how it leans."""

from __future__ import annotations

import numpy as np

__all__ = ['centroid_distances', 'foreground_centroids', 'foreground_slants']


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
    return _centroids(_foreground(images, threshold))


def foreground_slants(images: np.ndarray, threshold: float = 0.15) -> np.ndarray:
    """Returns how far each object leans: the columns that it moves to the right from one row to the next.

    It is mu_rc / mu_rr of the foreground's second moments about its centroid, by which handwriting is deslanted, with
    the weights of :func:`foreground_centroids`; 0 for an image whose foreground has no height.

    Args:
        images: uint8 (N, C, H, W).
        threshold: See :func:`foreground_centroids`.

    Returns:
        float64 (N,).

    Raises:
        ValueError: ``images`` have another shape.
    """
    weight = _foreground(images, threshold)
    rows, columns = (
        np.arange(size) - middle[:, None] for size, middle in zip(weight.shape[1:], _centroids(weight).T, strict=True)
    )
    height = (weight.sum(2) * rows**2).sum(1)
    lean = np.einsum('nrc,nr,nc->n', weight, rows, columns)
    return np.divide(lean, height, out=np.zeros_like(lean), where=height > 1e-12)


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


def _foreground(images: np.ndarray, threshold: float) -> np.ndarray:
    """Returns the pixels' weights, (N, H, W) of sum 1."""
    if images.ndim != 4 or min(images.shape[2:]) < 2:
        raise ValueError(f'structure needs images (N, C, H, W) of 2 pixels or more each way, got {images.shape}')
    sides = (images[:, :, 0], images[:, :, -1], images[:, :, 1:-1, 0], images[:, :, 1:-1, -1])
    border = np.median(np.concatenate(sides, axis=2), axis=2)
    difference = np.abs(images - border[:, :, None, None]).mean(1) * (2 / 255)
    weight = np.maximum(difference - threshold, 0)
    weight[~weight.any((1, 2))] = 1.0
    return weight / weight.sum((1, 2), keepdims=True)


def _centroids(weight: np.ndarray) -> np.ndarray:
    """Returns row and column of the centre of gravity of weights (N, H, W) of sum 1, (N, 2)."""
    rows, columns = (weight.sum(axis) @ np.arange(weight.shape[3 - axis]) for axis in (2, 1))
    return np.stack([rows, columns], axis=1)
