"""What the baselines between domains of images refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn
from torch.utils.data import Dataset

from mmgentransfer.registry import suggest

__all__ = ['check_loss_names', 'check_members', 'check_sides', 'check_two_domains', 'check_unpaired']


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


def check_sides(networks: Mapping[str, nn.Module], dataset: Dataset, domains: Sequence[str], key: str) -> None:
    """Raises a ``ValueError`` unless networks take the images of a validation set, of which all is seen.

    Args:
        networks: By their names in ``model.networks``; each has ``in_channels`` and ``input_multiple``.
        dataset: Its items have ``images``, or an image of each of ``domains`` by its name.
        domains: Names of the domains.
        key: The loader's name in the config; of a training set the first iteration tells.
    """
    if key == 'train_dataloader':
        return
    item = dataset[0]
    for name in [name for name in ('images', *domains) if name in item]:
        channels, *sides = item[name].shape
        for network_key, network in networks.items():
            if channels != network.in_channels or any(side % network.input_multiple for side in sides):
                raise ValueError(
                    f'{key}.dataset, {name!r}: {channels} channels and {sides[0]}x{sides[1]} pixels, but '
                    f'model.networks.{network_key} takes {network.in_channels} channels and sides that are multiples '
                    f'of {network.input_multiple}'
                )
