"""Errors of depth maps."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

_POOLS = ('pixel', 'image')


def depth_errors(
    pred: np.ndarray,
    target: np.ndarray,
    min_depth: float = 1e-3,
    max_depth: float | None = None,
    pool: Literal['pixel', 'image'] = 'pixel',
) -> dict[str, float]:
    """Accuracy under thresholds and root mean squared errors, thesis eq. 4.15, over pixels of positive true depth.

    Args:
        pred: Predicted metres (N, ...); raised to ``min_depth``.
        target: True metres of the same shape; 0, negative and NaN are missing.
        min_depth: See ``pred``; positive.
        max_depth: True depths beyond it don't count; None for no limit.
        pool: ``'pixel'``: all pixels together; ``'image'``: the mean of each image's numbers, over images with any
            valid pixel.

    Returns:
        ``delta1``, ``delta2`` and ``delta3``, the shares of pixels with max(pred / target, target / pred) below 1.25,
        1.25^2 and 1.25^3; ``rmse`` in metres; ``rmse_log`` of natural logarithms. NaN if no pixel is valid.

    Raises:
        ValueError: The shapes differ, ``min_depth`` is not positive, or ``pool`` is unknown.
    """
    pred, target = np.array(pred, dtype=np.float64), np.array(target, dtype=np.float64)
    if pred.shape != target.shape or pred.ndim < 1:
        raise ValueError(f'depths must have one shape (N, ...); got {pred.shape} and {target.shape}')
    if not min_depth > 0:
        raise ValueError(f'min_depth must be positive, as its logarithm is taken; got {min_depth}')
    sums = depth_sums(torch.from_numpy(pred), torch.from_numpy(target), min_depth, max_depth, pool)
    return errors_from_sums(sums.numpy(), pool)


def depth_sums(
    pred: Tensor,
    target: Tensor,
    min_depth: float = 1e-3,
    max_depth: float | None = None,
    pool: Literal['pixel', 'image'] = 'pixel',
) -> Tensor:
    """Adds up what :func:`depth_errors` is computed from, on the tensors' device and without waiting for it.

    The sums of batches, and of processes, add up to those of the whole set.

    Args:
        pred: Predicted metres (N, ...).
        target: True metres of the same shape.
        min_depth: As in :func:`depth_errors`.
        max_depth: As in :func:`depth_errors`.
        pool: As in :func:`depth_errors`.

    Returns:
        Float64 (6,), over pixels: under the three thresholds, squared errors, squared errors of logarithms, and their
        number. For ``pool='image'`` over images: the five numbers of an image, and the number of images.

    Raises:
        ValueError: ``pool`` is unknown.
    """
    if pool not in _POOLS:
        raise ValueError(f'pool must be one of {_POOLS}; got {pool!r}')
    valid = target > 0
    if max_depth is not None:
        valid &= target <= max_depth
    true = torch.where(valid, target, 1).to(torch.float64)
    pred = torch.where(valid, pred.clamp(min=min_depth), 1).to(torch.float64)
    ratio = torch.maximum(pred / true, true / pred)
    errors = [
        *((ratio < 1.25**k).to(torch.float64) for k in (1, 2, 3)),
        (pred - true).square(),
        (pred.log() - true.log()).square(),
        torch.ones_like(true),
    ]
    per_image = (len(target), math.prod(target.shape[1:]))
    sums = torch.stack([(error * valid).reshape(per_image).sum(dim=1) for error in errors])
    if pool == 'image':
        means = sums[:5] / sums[5].clamp(min=1)
        sums = torch.cat([means[:3], means[3:].sqrt(), (sums[5:] > 0).to(torch.float64)])
    return sums.sum(dim=1)


def errors_from_sums(sums: np.ndarray, pool: Literal['pixel', 'image'] = 'pixel') -> dict[str, float]:
    """Returns what :func:`depth_errors` does, from the sums (6,) of :func:`depth_sums` with the same ``pool``."""
    *totals, count = (float(x) for x in sums)
    means = [total / count if count else float('nan') for total in totals]
    if pool == 'pixel':
        means[3:] = [mean**0.5 for mean in means[3:]]
    return dict(zip(('delta1', 'delta2', 'delta3', 'rmse', 'rmse_log'), means, strict=True))
