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
