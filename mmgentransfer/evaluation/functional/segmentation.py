"""Scores of segmentations, all from one confusion matrix."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def confusion_counts(pred: Tensor, target: Tensor, num_classes: int, ignore_index: int = 255) -> Tensor:
    """Counts the pixels of each true and predicted class, on the tensors' device and without waiting for it.

    The counts of batches, and of processes, add up to those of the whole set. The classes are not checked.

    Args:
        pred: Predicted classes of 0 to K - 1, int64, any shape.
        target: True classes, or ``ignore_index`` where a pixel does not count, of the same shape.
        num_classes: K.
        ignore_index: See ``target``.

    Returns:
        int64 (K, K), a row for each true class.
    """
    # torch.bincount would wait for the device to learn its length; ignored pixels go to one more bin.
    bins = torch.where(target == ignore_index, num_classes**2, target * num_classes + pred).flatten()
    counts = torch.zeros(num_classes**2 + 1, dtype=torch.int64, device=bins.device)
    return counts.scatter_add_(0, bins, torch.ones_like(bins))[:-1].view(num_classes, num_classes)


def confusion_matrix(pred: np.ndarray, target: np.ndarray, num_classes: int, ignore_index: int = 255) -> np.ndarray:
    """Counts the pixels of each true and predicted class.

    Args:
        pred: Predicted classes of 0 to K - 1, integers of any shape.
        target: True classes of the same shape, or ``ignore_index`` where a pixel does not count.
        num_classes: K.
        ignore_index: See ``target``.

    Returns:
        int64 array (K, K), a row for each true class.

    Raises:
        ValueError: The shapes differ, or a number is no class.
    """
    pred, target = np.asarray(pred), np.asarray(target)
    if pred.shape != target.shape:
        raise ValueError(f'predicted and true classes must have one shape; got {pred.shape} and {target.shape}')
    for name, classes in (('pred', pred), ('target', target[target != ignore_index])):
        if classes.dtype.kind not in 'iu':
            raise ValueError(f'{name} must be integers, the classes of pixels; got {classes.dtype}')
        if classes.size and (classes.min() < 0 or classes.max() >= num_classes):
            raise ValueError(
                f'{name} must be classes of 0 to {num_classes - 1}; got {classes.min()} to {classes.max()}'
            )
    pred, target = (torch.from_numpy(x.astype(np.int64)) for x in (pred, target))
    return confusion_counts(pred, target, num_classes, ignore_index).numpy()


def class_iou(confusion: np.ndarray, void: int | None = None) -> np.ndarray:
    """Intersection over union of each class: TP / (TP + FP + FN).

    Args:
        confusion: Counts (K, K), a row for each true class.
        void: A class that is not scored. Pixels that truly have it don't count; predicted for another pixel, it is a
            miss of that pixel's class. None to score all classes.

    Returns:
        Float64 array (K,) of numbers in [0, 1]; NaN for ``void`` and for classes that neither occur nor are predicted.

    Raises:
        ValueError: ``confusion`` is not square, or ``void`` is no class.
    """
    counts, scored = _scored(confusion, void)
    hits = np.diag(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    iou = np.full(len(counts), np.nan)
    np.divide(hits, union, out=iou, where=scored & (union > 0))
    return iou


def miou(confusion: np.ndarray, void: int | None = None) -> float:
    """Mean of :func:`class_iou` over the classes that have one; a class that occurs and is never found counts as 0.

    Args:
        confusion: Counts (K, K), a row for each true class.
        void: A class that is not scored, or None.

    Returns:
        A number in [0, 1]; NaN if no pixel counts.

    Raises:
        ValueError: ``confusion`` is not square, or ``void`` is no class.
    """
    iou = class_iou(confusion, void)
    scored = iou[~np.isnan(iou)]
    return float(scored.mean()) if len(scored) else float('nan')


def global_accuracy(confusion: np.ndarray, void: int | None = None) -> float:
    """Share of the pixels whose predicted class is the true one.

    Args:
        confusion: Counts (K, K), a row for each true class.
        void: A class whose true pixels don't count, or None.

    Returns:
        A number in [0, 1]; NaN if no pixel counts.

    Raises:
        ValueError: ``confusion`` is not square, or ``void`` is no class.
    """
    counts, _ = _scored(confusion, void)
    total = counts.sum()
    return float(np.trace(counts) / total) if total else float('nan')


def _scored(confusion: np.ndarray, void: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns the counts as float64 without those of void pixels, and which classes are scored."""
    counts = np.array(confusion, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f'a confusion matrix must be square; got {counts.shape}')
    scored = np.ones(len(counts), dtype=bool)
    if void is not None:
        if not 0 <= void < len(counts):
            raise ValueError(f'void must be a class of 0 to {len(counts) - 1} or None; got {void}')
        counts[void] = 0
        scored[void] = False
    return counts, scored
