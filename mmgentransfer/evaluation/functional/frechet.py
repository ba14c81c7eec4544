"""Fréchet distance between two sets of features."""

from __future__ import annotations

import numpy as np

_CHUNK_ROWS = 8192


def feature_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and covariance (divisor n-1) of ``features``.

    Args:
        features: Array (N, D), N >= 2.

    Returns:
        The float64 arrays mu (D,) and sigma (D, D).

    Raises:
        ValueError: ``features`` is not two-dimensional or has fewer than two rows.
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f'a covariance needs features of shape (N >= 2, D); got {features.shape}')
    mu = features.mean(axis=0, dtype=np.float64)
    sigma = np.zeros((len(mu), len(mu)))
    # In chunks: a float64 copy of 50,000 Inception features would take 0.8 GB.
    for start in range(0, len(features), _CHUNK_ROWS):
        centred = features[start : start + _CHUNK_ROWS] - mu
        sigma += centred.T @ centred
    return mu, sigma / (len(features) - 1)


def frechet_distance(mu1: np.ndarray, sigma1: np.ndarray, mu2: np.ndarray, sigma2: np.ndarray) -> float:
    """Squared Fréchet distance of two Gaussians, thesis eq. 2.5: |mu1 - mu2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)).

    The trace of (S1 S2)^(1/2) is the sum of the square roots of the eigenvalues of S1^(1/2) S2 S1^(1/2), which is
    symmetric: no square root of a general matrix is needed, and singular covariances are no special case.

    Args:
        mu1: Mean (D,) of the first set.
        sigma1: Covariance (D, D) of the first set.
        mu2: Mean (D,) of the second set.
        sigma2: Covariance (D, D) of the second set.

    Returns:
        The distance, 0 or larger.

    Raises:
        ValueError: The shapes do not fit together, or a value is not finite.
    """
    mu1, sigma1, mu2, sigma2 = (np.asarray(x, dtype=np.float64) for x in (mu1, sigma1, mu2, sigma2))
    dims = mu1.size
    if mu1.shape != (dims,) or mu2.shape != (dims,) or sigma1.shape != (dims, dims) or sigma2.shape != (dims, dims):
        raise ValueError(
            'statistics of two sets must have shapes (D,), (D, D), (D,), (D, D); '
            f'got {mu1.shape}, {sigma1.shape}, {mu2.shape}, {sigma2.shape}'
        )
    if not all(np.isfinite(x).all() for x in (mu1, sigma1, mu2, sigma2)):
        raise ValueError('the statistics hold values that are not finite')

    variances, axes = np.linalg.eigh(sigma1)
    # What rounding leaves of zero eigenvalues is dropped: with fewer images than dimensions, the rest is small.
    kept = variances > max(variances[-1], 0.0) * dims * np.finfo(np.float64).eps
    factor = axes[:, kept] * np.sqrt(variances[kept])  # factor @ factor.T == sigma1
    eigenvalues = np.linalg.eigvalsh(factor.T @ sigma2 @ factor)
    trace_root = np.sqrt(np.maximum(eigenvalues, 0.0)).sum()

    difference = mu1 - mu2
    distance = difference @ difference + np.trace(sigma1) + np.trace(sigma2) - 2.0 * trace_root
    return max(float(distance), 0.0)


def fid_from_features(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance between two sets of features, thesis eq. 2.5, with covariances of divisor n-1.

    Args:
        a: Features (N, D), N >= 2.
        b: Features (M, D), M >= 2.

    Returns:
        The distance, 0 or larger.

    Raises:
        ValueError: A set has fewer than two rows, or the widths differ.
    """
    return frechet_distance(*feature_statistics(a), *feature_statistics(b))
