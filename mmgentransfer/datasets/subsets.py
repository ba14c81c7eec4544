"""Subsets that are nested: with one seed, the subset of 10 lies inside the subset of 100."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ['nested_subset']


def nested_subset(
    indices: Sequence[int] | np.ndarray,
    num: int | None,
    seed: int = 0,
    skip: int = 0,
    *,
    key: str = 'dataset.num_images',
    what: str = 'images',
) -> np.ndarray:
    """Selects ``num`` of ``indices``: those that come first, after ``skip``, in a permutation fixed by ``seed``.

    Two calls that differ in ``num`` only give nested subsets. ``nested_subset(x, n)`` and
    ``nested_subset(x, None, skip=n)`` share nothing and make up ``x``: a training set and its held-out rest.

    Args:
        indices: What to choose from, of shape (N,).
        num: How many to choose; ``None`` chooses all that ``skip`` leaves.
        seed: Seed of the permutation, which depends on nothing but ``seed`` and N.
        skip: How many of the permutation's first ones to leave out.
        key: The config key that ``num`` comes from, for the error message.
        what: What the indices stand for, for the error message.

    Returns:
        The chosen indices, int64, in the order in which they stand in ``indices``.

    Raises:
        ValueError: ``num`` is below 1 or larger than what ``skip`` leaves, or ``skip`` or ``seed`` is out of range.
    """
    indices = np.asarray(indices, dtype=np.int64)
    owner = key.rpartition('.')[0]
    prefix = f'{owner}.' if owner else ''
    total = len(indices)
    if not 0 <= seed < 2**32:
        raise ValueError(f'{prefix}seed={seed} is not a seed: it must lie in 0..{2**32 - 1}')
    if skip < 0 or (skip and skip >= total):
        raise ValueError(
            f'{prefix}skip={skip} leaves nothing: it must lie in 0..{max(total - 1, 0)}, of {total} {what}'
        )
    if num is not None and not 1 <= num <= total - skip:
        after = f' after {prefix}skip={skip} of {total}' if skip else ''
        raise ValueError(f'{key}={num} is out of range: there are {total - skip} {what}{after}')
    if skip == 0 and num in (None, total):
        return indices
    # NumPy promises the stream of RandomState to stay as it is in every version, and that of its Generator not: a
    # published subset must be the same images everywhere.
    order = np.random.RandomState(seed).permutation(total)
    stop = total if num is None else skip + num
    return indices[np.sort(order[skip:stop])]
