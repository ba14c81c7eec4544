"""How accurate a classifier must be to be used as an extractor, and how accurate its run found it to be."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from mmgentransfer.checkpoints import resolve_checkpoint

__all__ = ['least_accuracy', 'recorded_accuracy']


def least_accuracy(num_classes: int) -> float:
    """Returns the accuracy, in percent, below which a classifier has learnt nothing: 60 for two classes.

    It is 10 points above chance, which is 100 / K of K classes.
    """
    return 100 / num_classes + 10


def recorded_accuracy(checkpoint: str) -> float | None:
    """Returns the accuracy, in percent, that a run had measured when it wrote a checkpoint.

    Args:
        checkpoint: A file, or a run's folder, as :func:`resolve_checkpoint` takes it. The accuracy is the one in the
            folder's ``metrics.jsonl`` of the checkpoint's iteration, or the last one before.

    Returns:
        None if the folder has no such file, or nothing was measured.

    Raises:
        FileNotFoundError: There is no such checkpoint.
    """
    path = Path(resolve_checkpoint(checkpoint))
    metrics = path.parent / 'metrics.jsonl'
    if not metrics.is_file():
        return None
    found = re.search(r'iter_(\d+)\.pth$', path.name)
    latest = int(found.group(1)) if found else math.inf
    lines = [json.loads(line) for line in metrics.read_text(encoding='utf-8').splitlines()]
    measured = [line['accuracy'] for line in lines if 'accuracy' in line and line['iter'] <= latest]
    return measured[-1] if measured else None
