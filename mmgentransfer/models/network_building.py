"""How a game's networks are built and initialised, each from random numbers of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from mmgentransfer.models.step_random import derive_seed
from mmgentransfer.registry import MODELS, suggest

__all__ = ['build_network', 'check_names', 'forked_random', 'initialise']


def build_network(name: str, cfg: dict[str, Any] | list[dict]) -> nn.Module:
    """Builds a network from random numbers of its own, so that no other network's presence changes its weights.

    Args:
        name: Its name in ``model.networks``.
        cfg: Its config; a list of configs gives a ModuleList, a dict of them a ModuleDict.
    """
    with forked_random(name):
        if isinstance(cfg, (list, tuple)):
            return nn.ModuleList(MODELS.build(item) for item in cfg)
        if 'type' in cfg or not all(isinstance(item, dict) for item in cfg.values()):
            return MODELS.build(cfg)
        members = nn.ModuleDict()
        for key in sorted(cfg):  # a dumped config has lost the order of its own
            with forked_random(f'{name}.{key}'):
                members[key] = MODELS.build(cfg[key])
        return members


def initialise(key: str, network: nn.Module) -> None:
    """Initialises a network; an error names its config key."""
    if not hasattr(network, 'init_weights'):
        return
    network._dump_init_info = _nothing  # MMEngine would print every tensor, as "unchanged"
    try:
        network.init_weights()
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{key}.init_cfg: {error}') from error
    except ValueError as error:
        raise ValueError(f'{key}: {error}') from error


def _nothing() -> None:
    pass


def check_names(key: str, given: dict, wanted: list[str]) -> None:
    """Raises a ``ValueError`` unless the dict at a config's key has just the wanted names."""
    unknown = sorted(set(given) - set(wanted))
    if unknown:
        raise ValueError(f'{key} has {unknown[0]!r}, the method has {wanted}.{suggest(unknown[0], wanted)}')
    missing = sorted(set(wanted) - set(given))
    if missing:
        raise ValueError(f'{key} lacks {missing}; the method needs {wanted}')


@contextmanager
def forked_random(name: str) -> Iterator[None]:
    """Inside, random numbers follow from the global seed and ``name`` alone; outside, nothing has moved."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(torch.initial_seed(), zlib.crc32(name.encode())))
        yield
