"""Measures on a classifier's predictions."""

from __future__ import annotations

import numpy as np


def classifier_error(pred: np.ndarray, target: int | np.ndarray) -> float:
    """Percentage of predictions that are not the target class, thesis section A.2.2.

    Args:
        pred: Predicted classes (N,), N >= 1.
        target: The wanted class, or one for each prediction (N,).

    Returns:
        A number in [0, 100].

    Raises:
        ValueError: There are no predictions, or ``target`` has another length.
    """
    pred, target = np.asarray(pred), np.asarray(target)
    if pred.ndim != 1 or len(pred) == 0 or target.shape not in ((), pred.shape):
        raise ValueError(
            'the classifier error needs predictions (N >= 1,) and one target, or N of them; '
            f'got shapes {pred.shape} and {target.shape}'
        )
    return 100.0 * float(np.mean(pred != target))


def misclassification_rate(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of decisions that are not the label.

    Args:
        logits: (N, L), or (N, K, L) for K images of each label.
        labels: (N,).

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: The shapes don't fit, or a label is no class.
    """
    logits = _checked(logits, labels)
    return float(np.mean(logits.argmax(axis=-1) != np.asarray(labels)[:, None]))


def confidence_drop(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> float:
    """Mean loss of the softmax probability of the label.

    Args:
        before: Logits of the inputs (N, L).
        after: Logits of their translations, (N, L) or (N, K, L).
        labels: (N,).

    Returns:
        A number in [-1, 1]; negative if the probability rose.

    Raises:
        ValueError: The shapes don't fit, or a label is no class.
    """
    probabilities = []
    for logits in (before, after):
        logits = _checked(logits, labels).astype(np.float64)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        chosen = np.take_along_axis(powers, np.asarray(labels)[:, None, None], axis=-1)[..., 0]
        probabilities.append(chosen / powers.sum(axis=-1))
    return float(np.mean(probabilities[0] - probabilities[1]))


def class_recalls(pred: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Share of each class's images that are taken for it, float64 (num_classes,); NaN for a class without images."""
    right = np.bincount(labels[pred == labels], minlength=num_classes)
    total = np.bincount(labels, minlength=num_classes)
    return np.divide(right, total, out=np.full(num_classes, np.nan), where=total > 0)


def _checked(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns logits as (N, K, L)."""
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim not in (2, 3) or labels.shape != logits.shape[:1] or logits.size == 0:
        raise ValueError(f'logits are (N, L) or (N, K, L) and labels (N,); got {logits.shape} and {labels.shape}')
    if not 0 <= labels.min() <= labels.max() < logits.shape[-1]:
        raise ValueError(f'the labels {labels.min()} to {labels.max()} must be among the {logits.shape[-1]} classes')
    return logits[:, None] if logits.ndim == 2 else logits
