"""Who moves when: the moves of an iteration and the stages of a training, as a config gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from mmgentransfer.models.partial_training import MODES, check_patterns
from mmgentransfer.registry import suggest

__all__ = ['Move', 'Stage', 'parse_moves', 'parse_stages']


@dataclass(frozen=True)
class Move:
    """One player's turn within an iteration.

    Args:
        player: Who updates its networks.
        repeat: Number of updates in a row, each on images of its own (the critic's ``n_critic``).
        accumulate: Number of micro-batches whose gradients are averaged for one update.
        every: The move is played in every so many iterations, beginning with the first.
        losses: The losses function is ``<losses>_losses``, for a player that moves by several; None: ``player``.
        freeze: Networks of the player that this move leaves alone.
    """

    player: str
    repeat: int = 1
    accumulate: int = 1
    every: int = 1
    losses: str | None = None
    freeze: list[str] = field(default_factory=list)

    @property
    def function(self) -> str:
        """Name of the losses function."""
        return f'{self.losses or self.player}_losses'


@dataclass(frozen=True)
class Stage:
    """A span of iterations with its own set of trained networks.

    Args:
        name: Shown in the log.
        iters: Number of iterations; None (all) for a game of one stage.
        train: Names of the networks that are updated; the others are frozen and in eval mode. None: all. A member of
            a list or dict of networks is named with a dot: ``generators.0``, ``encoders.rgb``.
        freeze: Names of networks, in the same form, that are frozen although ``train`` has them.
        loss_weights: Weights of loss terms in this stage, in place of the terms' own.
        lr: Learning rate of players in this stage, in place of their optimiser's.
        settings: Switches of the method itself, in place of its ``stage_settings``.
        reset_optimizers: Whether the optimisers' states are forgotten when the stage begins.
        only: Regular expressions by network: only parameters in whose name one is found are trained. The others get no
            gradient and no optimiser state; layers without a trained parameter are in eval mode.
        modes: Modes by network, in place of 'train' for trained and 'eval' for frozen ones: 'train', 'eval', or
            'fixed_statistics', 'train' with batch norms that use their running statistics and leave them alone.
        data: Whether an iteration takes a batch of the loader; without, the method's batches are empty.
    """

    name: str
    iters: int | None = None
    train: list[str] | None = None
    freeze: list[str] = field(default_factory=list)
    loss_weights: dict[str, float] = field(default_factory=dict)
    lr: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    reset_optimizers: bool = False
    only: dict[str, list[str]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    data: bool = True


def parse_moves(configs: Sequence[dict], players: dict[str, list[str]]) -> list[Move]:
    """Makes the moves of ``model.moves``; ``players`` has the names of each player's networks.

    Raises:
        ValueError: A move has an unknown key or player, freezes a network that its player hasn't, or has a number
            below 1.
    """
    moves = []
    for index, cfg in enumerate(configs):
        try:
            move = Move(**cfg)
        except TypeError as error:
            raise ValueError(f'model.moves[{index}] = {dict(cfg)}: {error}') from None
        if move.player not in players:
            raise ValueError(
                f'model.moves[{index}].player is {move.player!r}; the players are {sorted(players)}.'
                f'{suggest(move.player, list(players))}'
            )
        if not all(isinstance(n, int) and n >= 1 for n in (move.repeat, move.accumulate, move.every)):
            raise ValueError(
                f'model.moves[{index}]: repeat, accumulate and every are at least 1 and whole numbers, got {dict(cfg)}'
            )
        for name in move.freeze:
            if name not in players[move.player]:
                raise ValueError(
                    f'model.moves[{index}].freeze names {name!r}; the networks of {move.player!r} are '
                    f'{players[move.player]}.{suggest(name, players[move.player])}'
                )
        moves.append(move)
    return moves


def parse_stages(
    configs: Sequence[dict],
    networks: dict[str, nn.Module],
    settings: list[str],
    losses: list[str],
    players: list[str],
) -> list[Stage]:
    """Makes the stages of ``model.stages``; the dict and the lists have the names that a stage may use.

    Raises:
        ValueError: A stage has an unknown key, names what the model lacks, or has no valid number of iterations.
    """
    stages = []
    for index, cfg in enumerate(configs):
        try:
            stage = Stage(**cfg)
        except TypeError as error:
            raise ValueError(f'model.stages[{index}] = {dict(cfg)}: {error}') from None
        trained = list(networks) if stage.train is None else _members(networks, stage.train)
        for key, names, known in (
            ('train', stage.train or [], list(networks)),
            ('freeze', stage.freeze, list(networks)),
            ('only', stage.only, trained),
            ('modes', stage.modes, list(networks)),
            ('settings', stage.settings, settings),
            ('loss_weights', stage.loss_weights, losses),
            ('lr', stage.lr, players),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(
                        f'model.stages[{index}].{key} names {name!r}; known are {known}.{suggest(name, known)}'
                    )
        if stage.iters is not None and (not isinstance(stage.iters, int) or stage.iters < 1):
            raise ValueError(f'model.stages[{index}].iters must be at least 1, got {stage.iters!r}')
        for name, mode in stage.modes.items():
            if mode not in MODES:
                raise ValueError(f'model.stages[{index}].modes[{name!r}] must be one of {MODES}, got {mode!r}')
        for name, patterns in stage.only.items():
            check_patterns(f'model.stages[{index}].only[{name!r}]', networks[name], patterns)
        stages.append(stage)
    if len(stages) > 1 and any(stage.iters is None for stage in stages):
        raise ValueError('every one of several model.stages needs its iters')
    return stages


def _members(networks: dict[str, nn.Module], names: Sequence[str]) -> list[str]:
    """Returns ``names`` and those of the members of lists and dicts of networks among them."""
    return [name for name in networks if name in names or name.split('.')[0] in names]
