"""What the baselines between domains of images refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils.data import Dataset

from mmgentransfer.registry import suggest

__all__ = ['check_loss_names', 'check_members', 'check_two_domains', 'check_unpaired']


def check_loss_names(losses: Mapping[str, Any], needed: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Raises a ``ValueError`` unless ``model.losses`` has all that are needed and no others but the optional ones."""
    known = [*needed, *optional]
    for name in losses:
        if name not in known:
            raise ValueError(f'model.losses has {name!r}, the method has {known}.{suggest(name, known)}')
    if missing := [name for name in needed if name not in losses]:
        raise ValueError(f'model.losses lacks {missing}')


def check_two_domains(method: str, domains: Sequence[str]) -> None:
    """Raises a ``ValueError`` unless ``model.domains`` are two."""
    if len(domains) != 2:
        raise ValueError(f'model.domains of a {method} must be two, got {list(domains)}')


def check_members(key: str, networks: Mapping[str, Any], domains: Sequence[str]) -> None:
    """Raises a ``ValueError`` unless a dict of networks, ``key`` in the config, has one for each domain by its name."""
    if set(networks) != set(domains):
        raise ValueError(f'{key} are {sorted(networks)}, they must be named as model.domains: {sorted(domains)}')


def check_unpaired(dataset: Dataset, domains: Sequence[str], key: str) -> None:
    """Raises a ``ValueError`` unless a training set has an image of each of ``domains`` in its items."""
    found = getattr(dataset, 'modalities', None)
    if key != 'train_dataloader' or (found is not None and set(domains) <= set(found)):
        return
    what = f'domains {list(found)}' if found is not None else 'no domains'
    raise ValueError(
        f'{key}.dataset, a {type(dataset).__name__}, has {what}, but model.domains are {list(domains)}: use '
        "dict(type='UnpairedDomains', domains={name: ...}) with these names"
    )
