"""Measures on the images themselves, without a network."""

from __future__ import annotations

import numpy as np

_CHUNK_ROWS = 1024


def mean_variance(images: np.ndarray) -> float:
    """Mean over pixels and channels of the variance over the set (population variance, divisor N).

    Args:
        images: Array (N, ...) of any number type.

    Returns:
        The mean variance, in the square of the images' unit.

    Raises:
        ValueError: There are no images.
    """
    if len(images) == 0:
        raise ValueError('the mean variance needs at least one image; got none')
    mean = images.mean(axis=0, dtype=np.float64)
    total = 0.0
    for start in range(0, len(images), _CHUNK_ROWS):
        deviation = (images[start : start + _CHUNK_ROWS] - mean).ravel()
        total += float(deviation @ deviation)
    return total / images.size


def nearest_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distance of each row of ``a`` to its nearest row of ``b``, float64 (N,); see :func:`nearest_rows`."""
    return nearest_rows(a, b)[0]


def nearest_rows(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest row of ``b`` to each row of ``a``, by Euclidean distance; of equally near ones the first.

    Both are converted and compared in chunks, so that memory stays small for large sets. Integer inputs give exact
    squared distances: a copy has distance 0.

    Args:
        a: Array (N, ...); all axes but the first are flattened.
        b: Array (M, ...) with rows of the same size, M >= 1.

    Returns:
        Distances, float64 (N,), and the rows' indices, int64 (N,).

    Raises:
        ValueError: ``b`` is empty, or the rows differ in size.
    """
    if len(b) == 0 or a.shape[1:] != b.shape[1:]:
        raise ValueError(f'nearest rows need sets of shapes (N, ...) and (M >= 1, ...); got {a.shape} and {b.shape}')
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    nearest, indices = np.full(len(a), np.inf), np.zeros(len(a), dtype=np.int64)
    for i in range(0, len(a), _CHUNK_ROWS):
        x = a[i : i + _CHUNK_ROWS].astype(np.float64)
        best, best_index = nearest[i : i + _CHUNK_ROWS], indices[i : i + _CHUNK_ROWS]
        for j in range(0, len(b), _CHUNK_ROWS):
            y = b[j : j + _CHUNK_ROWS].astype(np.float64)
            squared = x @ (-2.0 * y).T
            squared += np.einsum('md,md->m', y, y)
            index = squared.argmin(axis=1)
            smallest = np.take_along_axis(squared, index[:, None], axis=1).squeeze(1)
            closer = smallest < best
            best[closer], best_index[closer] = smallest[closer], index[closer] + j
        best += np.einsum('nd,nd->n', x, x)
    return np.sqrt(np.maximum(nearest, 0.0, out=nearest), out=nearest), indices


def pixel_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean absolute difference of corresponding images, float64 (N,), in their unit."""
    difference = np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))
    return difference.reshape(len(difference), -1).mean(axis=1)
