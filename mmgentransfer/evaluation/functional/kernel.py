"""Kernel distances (maximum mean discrepancies) between two sets of features."""

from __future__ import annotations

import numpy as np


def _check_features(a: np.ndarray, b: np.ndarray) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f'features must have shapes (N, D) and (M, D); got {a.shape} and {b.shape}')


def _cubic_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    base = x @ y.T
    base /= x.shape[1]
    base += 1.0
    return base * base * base


def _unbiased_mmd2(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased squared MMD of two sets of rows, for the cubic kernel."""
    result = -2.0 * _cubic_kernel(x, y).mean()
    for z in (x, y):
        kernel = _cubic_kernel(z, z)
        result += (kernel.sum() - np.trace(kernel)) / (len(z) * (len(z) - 1))
    return float(result)


def kid_from_features(
    a: np.ndarray, b: np.ndarray, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> float:
    """Kernel Inception Distance: the unbiased squared MMD with the kernel (x.y / D + 1)^3, averaged over subsets.

    Args:
        a: Features (N, D).
        b: Features (M, D).
        subsets: Number of pairs of random subsets.
        subset_size: Rows of a subset, drawn without repetition; at most the size of the smaller set.
        seed: Seed of the subsets.

    Returns:
        The distance; being unbiased, it may be slightly negative.

    Raises:
        ValueError: The widths differ, or subsets of at least two rows can't be drawn.
    """
    _check_features(a, b)
    size = min(subset_size, len(a), len(b))
    if size < 2 or subsets < 1:
        raise ValueError(
            f'KID needs at least one subset of two rows; got subsets={subsets}, subset_size={subset_size} '
            f'and sets of {len(a)} and {len(b)} rows'
        )
    if size == len(a) == len(b):
        subsets = 1  # every subset is the whole set
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x = a[rng.choice(len(a), size, replace=False)].astype(np.float64)
        y = b[rng.choice(len(b), size, replace=False)].astype(np.float64)
        values.append(_unbiased_mmd2(x, y))
    return float(np.mean(values))


def _squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    distances = x @ y.T
    distances *= -2.0
    distances += np.einsum('nd,nd->n', x, x)[:, None]
    distances += np.einsum('nd,nd->n', y, y)
    return np.maximum(distances, 0.0, out=distances)


def kmmd(a: np.ndarray, b: np.ndarray, sigma: float | None = None, sqrt: bool = True) -> float:
    """Kernel MMD with a Gaussian kernel, thesis section 3.4: the square root of the biased squared MMD.

    The kernel is exp(-|x - y|^2 / (2 sigma^2)). With ``sigma=None``, sigma^2 is the mean of all squared distances
    within ``a``, the zeros of the diagonal included, so that the value does not depend on the features' scale.

    Args:
        a: Features (N, D) of the real images.
        b: Features (M, D) of the generated images.
        sigma: Width of the kernel, or None.
        sqrt: Whether to take the root; False gives the squared MMD.

    Returns:
        The distance, 0 or larger.

    Raises:
        ValueError: ``a`` has fewer than two distinct rows, ``b`` is empty, the widths differ, or ``sigma`` is not
            positive.
    """
    _check_features(a, b)
    if sigma is not None and not sigma > 0:
        raise ValueError(f'the kernel width sigma must be positive or None; got {sigma}')
    if len(b) == 0:
        raise ValueError('KMMD needs at least one generated image; got none')
    if len(a) < 2 or (a == a[0]).all():
        raise ValueError(f'KMMD needs at least two distinct real images; got {len(a)}, all with the same features')
    a, b = a.astype(np.float64), b.astype(np.float64)
    centre = a.mean(axis=0)  # distances do not change, and lose fewer digits when the features are far from zero
    a, b = a - centre, b - centre
    distances = {'aa': _squared_distances(a, a), 'bb': _squared_distances(b, b), 'ab': _squared_distances(a, b)}
    scale = 2.0 * (distances['aa'].mean() if sigma is None else sigma**2)
    mean = {pair: np.exp(d / -scale).mean() for pair, d in distances.items()}
    squared = max(mean['aa'] + mean['bb'] - 2.0 * mean['ab'], 0.0)
    return float(np.sqrt(squared) if sqrt else squared)
