"""The choice of a semantic extractor's width."""

from __future__ import annotations

from collections.abc import Mapping

from mmgentransfer.registry import suggest

__all__ = ['RULES', 'choose_reduction']

RULES = ('knee', 'tolerance', 'fixed')


def choose_reduction(
    accuracies: Mapping[int, float],
    rule: str = 'knee',
    flat_tolerance: float = 0.5,
    tolerance: float | None = None,
    dim: int | None = None,
) -> int:
    r"""Chooses the width D of an extractor's reduction by the accuracy of the classifiers (thesis section 5.5.1).

    'knee' takes the D where the accuracy, scaled to [0, 1], is farthest above the line from the first to the last of
    the K widths: :math:`\arg\max_k (a_k - \min a)/(\max a - \min a) - k/(K-1)`, the smallest if several are. It chooses
    16, 8 and 32 in thesis Table 5.5, as the thesis does. 'tolerance' takes the smallest D that is at most
    ``tolerance`` below the best, 'fixed' the given one.

    Args:
        accuracies: Accuracy in percent by D.
        rule: 'knee', 'tolerance' or 'fixed'.
        flat_tolerance: With 'knee': where accuracies differ by less, the smallest D is taken.
        tolerance: In percentage points, for 'tolerance'.
        dim: D, for 'fixed'.

    Raises:
        ValueError: The rule is unknown, lacks what it needs, or there is no accuracy to choose by.
    """
    if rule not in RULES:
        raise ValueError(f'the rule {rule!r} is none of {RULES}.{suggest(rule, list(RULES))}')
    if not accuracies:
        raise ValueError('there are no accuracies to choose a width by')
    dims = sorted(accuracies)
    values = [accuracies[d] for d in dims]
    low, high = min(values), max(values)
    if rule == 'fixed':
        if dim not in accuracies:
            raise ValueError(f"the rule 'fixed' needs dim, one of {dims}, got {dim}")
        return dim
    if rule == 'tolerance':
        if tolerance is None or tolerance < 0:
            raise ValueError(f"the rule 'tolerance' needs a tolerance >= 0 in percentage points, got {tolerance}")
        return next(d for d, value in zip(dims, values, strict=True) if value >= high - tolerance)
    if high - low < flat_tolerance or len(dims) == 1:
        return dims[0]
    heights = [(value - low) / (high - low) - k / (len(dims) - 1) for k, value in enumerate(values)]
    return dims[heights.index(max(heights))]
