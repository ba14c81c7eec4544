"""How well the latents of two encoders agree."""

from __future__ import annotations

import numpy as np


def alignment_factor(a: np.ndarray, b: np.ndarray) -> float:
    """Mean cosine between the latents of the same samples, thesis eq. 4.16.

    Latents behind a ReLU are not negative, so that theirs is well above 0 even where nothing is aligned.

    Args:
        a: Latents of one modality (N, ...), all axes but the first flattened; or those of one sample (D,).
        b: Latents of another modality, of the same shape.

    Returns:
        A number in [-1, 1]; a latent of zeros has a cosine of 0.

    Raises:
        ValueError: The shapes differ, or there are no samples.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.size == 0:
        raise ValueError(f'latents must have one shape (N >= 1, ...); got {a.shape} and {b.shape}')
    a, b = (x.reshape(1 if x.ndim == 1 else len(x), -1) for x in (a, b))
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = np.einsum('nd,nd->n', a, b)
    return float(np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0).mean())
