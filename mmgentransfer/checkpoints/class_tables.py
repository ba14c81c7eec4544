"""Tables of classes for another number of classes than a checkpoint has."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['chosen_rows']

_ITERATIONS = 15


def chosen_rows(
    target: dict[str, Tensor], source: dict[str, Tensor], classes: str | Sequence[int]
) -> dict[str, Tensor]:
    """Returns a checkpoint's class tables with one row for each class of a network.

    Args:
        target: Tensors of the network.
        source: Tensors of the checkpoint.
        classes: 'first' takes as many of the first rows; 'mean' the mean of all, for each class; 'random' leaves the
            network's own; a list names the row of each class.

    Returns:
        The tables (K, c) by name, with the vectors of their spectral norms.

    Raises:
        ValueError: No table differs in its number of rows, or the classes are too few or not those of the checkpoint.
    """
    tables = [
        name
        for name, tensor in target.items()
        if name in source and tensor.ndim == source[name].ndim == 2 and tensor.shape[1] == source[name].shape[1]
        if name.endswith(('shared.weight', 'embed.weight', 'embed.parametrizations.weight.original'))
    ]
    if not tables:
        raise ValueError('the network has no table of classes that the checkpoint has too')
    rows: dict[str, Tensor] = {}
    for name in tables:
        rows[name] = _rows(target[name], source[name], classes)
        if name.endswith('.original'):
            norm = name.removesuffix('original') + '0.'
            v = F.normalize(source[f'{norm}_v'], dim=0)
            for _ in range(_ITERATIONS):  # those of the checkpoint belong to its whole table
                u = F.normalize(rows[name] @ v, dim=0)
                v = F.normalize(rows[name].T @ u, dim=0)
            rows |= {f'{norm}_u': u, f'{norm}_v': v}
    return rows


def _rows(own: Tensor, table: Tensor, classes: str | Sequence[int]) -> Tensor:
    num, known = len(own), len(table)
    if classes == 'random':
        return own.clone()
    if classes == 'mean':
        return table.mean(0, keepdim=True).expand(num, -1).clone()
    index = list(range(num)) if classes == 'first' else list(classes)
    if len(index) != num:
        raise ValueError(f'init_cfg.source_classes has {len(index)} classes, but the network has num_classes={num}')
    if wrong := [i for i in index if not 0 <= i < known]:
        raise ValueError(
            f'init_cfg.source_classes={classes!r}: the checkpoint has the classes 0 to {known - 1}, not {wrong[:5]}'
            + ("; take 'mean' or 'random', or a list" if classes == 'first' else '')
        )
    return table[torch.tensor(index)]
