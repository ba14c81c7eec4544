"""Choosing an extractor's width from a finished sweep over it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from mmgentransfer.evaluation.functional.reduction import choose_reduction
from mmgentransfer.models.extractor_accuracy import least_accuracy

__all__ = ['ReductionChoice', 'choose_from_sweep']


@dataclass(frozen=True)
class ReductionChoice:
    """What was measured and chosen.

    Attributes:
        title: Of the sweep.
        accuracies: Mean accuracy over seeds, in percent, by D.
        dim: The chosen D.
        rule: By which.
        checkpoint: Of the chosen D and the first seed: the folder of its run, whose latest checkpoint is meant, or
            ``<folder>/best``.
    """

    title: str
    accuracies: dict[int, float]
    dim: int
    rule: str
    checkpoint: str

    def __str__(self) -> str:
        dims = sorted(self.accuracies)
        names = [f'**{d}**' if d == self.dim else str(d) for d in dims]
        values = [f'{self.accuracies[d]:.1f}' for d in dims]
        values = [f'**{v}**' if d == self.dim else v for d, v in zip(dims, values, strict=True)]
        lines = [['D', *names], ['---', *['---:'] * len(dims)], ['accuracy (%)', *values]]
        table = '\n'.join(f'| {" | ".join(line)} |' for line in lines)
        return f'{self.title}\n{table}\nchosen by {self.rule!r}: D = {self.dim}, checkpoint: {self.checkpoint}'


def choose_from_sweep(
    folder: str | Path,
    rule: str = 'knee',
    key: str = 'accuracy',
    tolerance: float | None = None,
    dim: int | None = None,
    flat_tolerance: float = 0.5,
    num_classes: int = 2,
) -> ReductionChoice:
    """Chooses the width of an extractor's reduction from a sweep's folder (the form of thesis Table 5.5).

    A sweep whose column has ``at='best'`` is judged by the accuracies of the checkpoints that were kept as the best,
    another one by the last.

    Args:
        folder: Folder of a finished sweep whose rows are named ``D = 8``; other rows are passed over.
        rule: See :func:`choose_reduction`.
        key: The score that counts, in percent.
        tolerance: See :func:`choose_reduction`.
        dim: See :func:`choose_reduction`.
        flat_tolerance: See :func:`choose_reduction`.
        num_classes: Classes K that the classifiers tell. The best of them must be 10 points above chance, 100 / K.

    Raises:
        FileNotFoundError: The folder has no ``sweep.json``.
        ValueError: It has no such rows or score, some of them failed, no D classifies, or ``num_classes`` is less
            than 2.
    """
    if num_classes < 2:
        raise ValueError(f'num_classes={num_classes} must be at least 2')
    path = Path(folder) / 'sweep.json'
    if not path.is_file():
        raise FileNotFoundError(f'there is no {path}: run mmgentransfer sweep first, and give its folder')
    content = json.loads(path.read_text(encoding='utf-8'))
    rows = {int(found.group(1)): row for row in content['rows'] if (found := re.fullmatch(r'D ?= ?(\d+)', row['name']))}
    if not rows:
        raise ValueError(f"{path} has no rows named 'D = 8'; it has {[row['name'] for row in content['rows']]}")
    best = f'{key}@best'
    kept = any(best in row['mean'] for row in rows.values())
    score = best if kept else key
    if failed := [d for d, row in rows.items() if row['failed'] or row['mean'].get(score) is None]:
        known = sorted({name for row in rows.values() for name in row['mean']})
        raise ValueError(f'{path}: D = {failed} failed or lack {key!r} (--key); the scores are {known}')
    accuracies = {d: row['mean'][score] for d, row in rows.items()}
    if max(accuracies.values()) < least_accuracy(num_classes):
        raise ValueError(
            f'{path}: the best {key} is {max(accuracies.values()):.1f} %, below {least_accuracy(num_classes):.0f}, of '
            f'{num_classes} classes (--num-classes): an extractor of such a classifier knows nothing of the property. '
            'Train longer, or on more images'
        )
    chosen = choose_reduction(accuracies, rule, flat_tolerance, tolerance, dim)
    seed = min(rows[chosen]['work_dirs'], key=int)
    folder = rows[chosen]['work_dirs'][seed]
    return ReductionChoice(content['title'], accuracies, chosen, rule, f'{folder}/best' if kept else folder)
