"""Collation of the project's datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.registry import FUNCTIONS as ROOT_FUNCTIONS
from torch.utils.data import default_collate

from ..registry import FUNCTIONS

__all__ = ['stack_batch']


# MMEngine's `Runner.build_dataloader` looks a collate function up in its root registry, whatever the default scope,
# so the name is registered there too: configs then say `collate_fn=dict(type='stack_batch')` without a scope.
@ROOT_FUNCTIONS.register_module()
@FUNCTIONS.register_module()
def stack_batch(items: dict[str, Any] | Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Makes one batch of what a dataset returned.

    Args:
        items: A batch already, from a dataset with ``__getitems__``, or a sequence of items, ``dict``s of tensors.

    Returns:
        The batch itself, or the items stacked key by key: ``images`` uint8 (N, C, H, W), ``labels`` int64 (N,).
    """
    return items if isinstance(items, dict) else default_collate(list(items))
