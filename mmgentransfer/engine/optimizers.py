"""One optimiser wrapper for each player."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmengine.logging import MMLogger, print_log
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper, OptimWrapperDict
from torch import nn

from mmgentransfer.registry import OPTIM_WRAPPER_CONSTRUCTORS, suggest

if TYPE_CHECKING:
    from mmgentransfer.models.game import AdversarialModel

__all__ = ['PlayerOptimWrappers']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PlayerOptimWrappers:
    """Builds an :class:`OptimWrapperDict` whose keys are the players of the model.

    Every network of a player is in its optimiser from the start, also one that an early stage leaves frozen; it gets
    optimiser state when it gets its first gradient. ``paramwise_cfg`` of a player works as in MMEngine, with names
    that begin with the network's, e.g. ``custom_keys={'miners': dict(lr_mult=0.1)}``.

    Args:
        optim_wrapper_cfg: Config of each player's wrapper, e.g. ``dict(critic=dict(optimizer=dict(type='Adam')))``.
        paramwise_cfg: Not used here; it belongs to a player's own config.

    Raises:
        ValueError: A player has no config, or a config belongs to no player.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        if paramwise_cfg is not None:
            raise ValueError('optim_wrapper.paramwise_cfg: give it inside a player, e.g. optim_wrapper.generator')
        self.cfg = dict(optim_wrapper_cfg)
        self.cfg.pop('type', None)

    def __call__(self, model: AdversarialModel) -> OptimWrapperDict:
        """Builds the wrappers of ``model``'s players."""
        players = list(model.players)
        for name in self.cfg:
            if name not in players:
                raise ValueError(f'optim_wrapper has {name!r}; the players are {players}.{suggest(name, players)}')
        wrappers = {}
        for player, names in model.players.items():
            if player not in self.cfg:
                raise ValueError(f'optim_wrapper lacks the player {player!r}')
            cfg = dict(self.cfg[player])
            cfg.setdefault('type', 'OptimWrapper')
            paramwise = cfg.pop('paramwise_cfg', None)
            if cfg.get('accumulative_counts', 1) != 1:
                raise ValueError(
                    f'optim_wrapper.{player}.accumulative_counts spans iterations; '
                    'set accumulate in model.moves, which accumulates within one update'
                )
            networks = nn.ModuleDict({name: getattr(model, name) for name in names})
            if not any(True for _ in networks.parameters()):
                continue  # an empty list or dict of networks: the player never moves
            with _without_lines('paramwise_options'):  # MMEngine writes several for each tensor
                wrappers[player] = DefaultOptimWrapperConstructor(cfg, paramwise)(networks)
            if paramwise:
                print_log(f'optim_wrapper.{player}: {_rates(wrappers[player])}', logger='current')
        return OptimWrapperDict(**wrappers)


@contextmanager
def _without_lines(beginning: str) -> Iterator[None]:
    """Keeps lines with this beginning out of MMEngine's log."""

    def keeps(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(beginning)

    logger = MMLogger.get_current_instance()
    logger.addFilter(keeps)
    try:
        yield
    finally:
        logger.removeFilter(keeps)


def _rates(wrapper: OptimWrapper) -> str:
    """Returns how many parameters have which learning rate."""
    numbers: Counter[float] = Counter()
    for group in wrapper.param_groups:
        numbers[group['lr']] += sum(tensor.numel() for tensor in group['params'])
    return ', '.join(f'{number:,} parameters at lr={lr:g}' for lr, number in sorted(numbers.items()))
