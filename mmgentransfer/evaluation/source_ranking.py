"""Which source model to adapt: the ranking of thesis sections 2.3.7 and A.1.1, once the distances are measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmgentransfer.registry import suggest

__all__ = ['CAVEAT', 'CRITERIA', 'SourceRanking', 'spearman']

CRITERIA = ('gen_to_target', 'real_to_target')
CLOSE = 0.05

CAVEAT = (
    'This is a rough indicator. It says how near what a source generates is to the target, before any adaptation. How '
    'dense the source is around the target and how good its samples are matter too (gen_to_own), and it can be wrong: '
    'on the published figures it picks the best source for three targets of four. A bad source need not beat training '
    'from scratch. FIDs of other extractors, or of other numbers of images, can not be compared with these.'
)


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation; equal values share their mean rank, and a constant sequence gives NaN.

    Raises:
        ValueError: The lengths differ, or there are fewer than two values.
    """
    if len(a) != len(b) or len(a) < 2:
        raise ValueError(f'a rank correlation needs two sequences of the same length >= 2; got {len(a)} and {len(b)}')
    ranks = [_ranks(np.asarray(x, dtype=np.float64)) for x in (a, b)]
    x, y = (r - r.mean() for r in ranks)
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale else math.nan


def _ranks(values: np.ndarray) -> np.ndarray:
    smaller = (values[:, None] > values).sum(axis=1)
    equal = (values[:, None] == values).sum(axis=1)
    return smaller + (equal - 1) / 2


@dataclass
class SourceRanking:
    """Sources ranked for one target by FID: the lowest is chosen.

    Args:
        gen_to_target: FID between what each source model generates, unadapted, and the target's training images.
        real_to_target: FID between each source's own images and the target's, as far as they are known.
        gen_to_own: FID between what each source model generates and its own images: its quality.
        criterion: What ranks: 'gen_to_target' or 'real_to_target'.
        after: FID of the adapted models by source, if they have been trained: tells how good the choice was.
        extractor: What the features are of, for the heading.

    Raises:
        ValueError: There are no sources, the criterion is unknown or lacks a value, or ``after`` names other sources.
    """

    gen_to_target: Mapping[str, float]
    real_to_target: Mapping[str, float] = field(default_factory=dict)
    gen_to_own: Mapping[str, float] = field(default_factory=dict)
    criterion: str = 'gen_to_target'
    after: Mapping[str, float] = field(default_factory=dict)
    extractor: str = ''

    def __post_init__(self) -> None:
        if self.criterion not in CRITERIA:
            raise ValueError(
                f'criterion is {self.criterion!r}; it can be one of {CRITERIA}.{suggest(self.criterion, CRITERIA)}'
            )
        if not self.gen_to_target:
            raise ValueError('there is no source to rank')
        lacking = [name for name in self.gen_to_target if not math.isfinite(self.values.get(name, math.nan))]
        if lacking:
            raise ValueError(f'criterion {self.criterion!r} needs a value of each source; there is none of {lacking}')
        if self.after and set(self.after) != set(self.gen_to_target):
            raise ValueError(
                f'scores after adaptation are given of {sorted(self.after)}, the sources are '
                f'{sorted(self.gen_to_target)}: give one of each'
            )

    @property
    def values(self) -> Mapping[str, float]:
        """The criterion's values by source."""
        return self.gen_to_target if self.criterion == 'gen_to_target' else self.real_to_target

    @property
    def ranking(self) -> list[str]:
        """The sources, the most promising first."""
        return sorted(self.gen_to_target, key=self.values.__getitem__)

    @property
    def choice(self) -> str:
        """The source with the lowest value."""
        return self.ranking[0]

    @property
    def is_close(self) -> bool:
        """Whether the second source is less than 5 % above the first."""
        values = [self.values[name] for name in self.ranking[:2]]
        return len(values) == 2 and values[1] - values[0] < CLOSE * values[0]

    @property
    def best_after(self) -> str:
        """The source that is truly best after adaptation; needs ``after``."""
        return min(self.after, key=self.after.__getitem__)

    @property
    def regret(self) -> float:
        """FID after adaptation from the choice minus that from the best source; needs ``after``."""
        return self.after[self.choice] - self.after[self.best_after]

    @property
    def rank_correlation(self) -> float:
        """Spearman's correlation of the criterion with the FID after adaptation; needs ``after`` of two sources."""
        names = list(self.gen_to_target)
        return spearman([self.values[name] for name in names], [self.after[name] for name in names])

    def as_dict(self) -> dict:
        """Returns all of it for a JSON file."""
        columns = dict(self._columns())
        result = dict(
            extractor=self.extractor,
            criterion=self.criterion,
            sources={name: {key: values.get(name) for key, values in columns.items()} for name in self.gen_to_target},
            ranking=self.ranking,
            choice=self.choice,
            is_close=self.is_close,
            caveat=CAVEAT,
        )
        if self.after:
            result.update(best_after=self.best_after, regret=self.regret)
            if len(self.after) > 1:
                result['spearman'] = self.rank_correlation
        return result

    def _columns(self) -> list[tuple[str, Mapping[str, float]]]:
        columns = [(key, getattr(self, key)) for key in ('gen_to_target', 'real_to_target', 'gen_to_own', 'after')]
        return [(key, values) for key, values in columns if values or key in ('gen_to_target',)]

    def __str__(self) -> str:
        """The table in Markdown, the choice, and what to beware of."""
        columns = self._columns()
        lines = [
            '| source | ' + ' | '.join(key for key, _ in columns) + ' |',
            '|---' * (len(columns) + 1) + '|',
        ]
        for name in self.ranking:
            cells = [f'{values[name]:.2f}' if name in values else '-' for _, values in columns]
            lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
        lines += ['', f'choice by {self.criterion}{f" ({self.extractor})" if self.extractor else ""}: {self.choice}']
        if self.is_close:
            lines.append(f'warning: {self.ranking[1]} is less than 5 % above it; adapt from both if you can')
        if self.after:
            lines.append(f'best after adaptation: {self.best_after}; regret of the choice: {self.regret:.2f}')
            if len(self.after) > 1:
                lines.append(f'Spearman correlation with the scores after adaptation: {self.rank_correlation:.2f}')
        return '\n'.join([*lines, CAVEAT])
