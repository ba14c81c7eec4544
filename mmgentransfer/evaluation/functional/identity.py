"""How far translations are from their inputs in a feature space."""

from __future__ import annotations

import numpy as np

DISTANCES = ('cosine', 'l2')


def identity_distance(a: np.ndarray, b: np.ndarray, distance: str = 'cosine', eps: float = 1e-8) -> float:
    """Mean distance between features of corresponding images.

    Args:
        a: Features (N, D).
        b: Features (N, D), or (N, K, D) for K images that belong to each row of ``a``.
        distance: 'cosine' is 1 - cos, 'l2' the Euclidean distance of features scaled to unit norm.
        eps: Smallest norm that features are divided by.

    Returns:
        The mean over all pairs.

    Raises:
        ValueError: The shapes don't fit, there are no pairs, or the distance is unknown.
    """
    if distance not in DISTANCES:
        raise ValueError(f'distance={distance!r} must be one of {DISTANCES}')
    if b.ndim == 2:
        b = b[:, None]
    if a.ndim != 2 or b.ndim != 3 or a.shape != (b.shape[0], b.shape[2]) or b.size == 0:
        raise ValueError(f'identity distances need features (N, D) and (N, K, D); got {a.shape} and {b.shape}')
    unit_a, unit_b = (x / np.linalg.norm(x, axis=-1, keepdims=True).clip(eps) for x in (_wide(a)[:, None], _wide(b)))
    if distance == 'cosine':
        return float(np.mean(1.0 - (unit_a * unit_b).sum(axis=-1)))
    return float(np.mean(np.linalg.norm(unit_a - unit_b, axis=-1)))


def _wide(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, dtype=np.float64)
