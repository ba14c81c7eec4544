"""A method is a game: networks grouped into players, an iteration as a list of moves, a training as a list of stages.

This file holds the only training step of the project. A method says who plays (``players``), and how each player's
losses are computed (``<player>_losses``); everything else, freezing, backward passes, optimiser steps, averaging over
processes, is here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.engine.distributed import average_gradients
from mmgentransfer.models.batch import Batch
from mmgentransfer.models.network_building import build_network, check_names, forked_random, initialise
from mmgentransfer.models.partial_training import rest_untrained_layers, set_mode
from mmgentransfer.models.schedule import Move, Stage, parse_moves, parse_stages
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS, suggest

__all__ = ['AdversarialModel', 'Batch']


class AdversarialModel(BaseModel):
    """Base class of every method.

    A subclass names its ``players`` (player -> names of its networks) and defines, for each, a method
    ``<player>_losses(batch: Batch) -> dict[str, Tensor]`` that returns unweighted scalar terms, named as in ``losses``.
    A player that moves by several losses functions has further ones, which ``moves`` name.
    A term of another name has no weight and is only logged.

    A player whose forward pass the others need as well may make it once an iteration, before the first move: the method
    names it as ``shared_player`` and defines ``shared_pass(batch)``, whose result every move finds as ``batch.shared``.
    The pass has a graph to the networks that this player trains, and to no others.

    Args:
        networks: Config of each network by name; a list gives a ModuleList, a dict of configs a ModuleDict. Each
            becomes an attribute of the model.
        losses: Config of each loss term by name; a component has a ``loss_weight``.
        moves: Arguments of the :class:`Move` objects of one iteration, in order.
        stages: Arguments of the :class:`Stage` objects, in order; None: one stage that trains everything.
        data_preprocessor: Config of the preprocessor.
        init_cfg: MMEngine's initialisation config of the model as a whole.

    Raises:
        ValueError: Networks, players, moves or stages don't fit each other.
    """

    players: dict[str, list[str]] = {}
    frozen: list[str] = []
    """Networks that the method uses but no player trains: always in eval mode, never requiring gradients."""
    shared_player: str | None = None
    stage_settings: dict[str, Any] = {}

    def __init__(
        self,
        networks: dict[str, dict | list[dict]],
        losses: dict[str, dict],
        moves: list[dict],
        stages: list[dict] | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = MODELS.build(data_preprocessor or dict(type='ImagePreprocessor'))
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        self.trainable_names = [name for names in self.players.values() for name in names]
        self.network_names = [*self.trainable_names, *self.frozen]
        check_names('model.networks', networks, self.network_names)
        for name in self.network_names:
            setattr(self, name, self._build_network(name, networks[name]))
        for name in self.frozen:
            getattr(self, name).requires_grad_(False)
        self.losses = nn.ModuleDict({name: MODELS.build(cfg) for name, cfg in losses.items()})
        self.ema = nn.ModuleDict()
        self.moves = parse_moves(moves, self.players)
        for index, move in enumerate(self.moves):
            if move.losses and not hasattr(self, move.function):
                known = [name.removesuffix('_losses') for name in dir(self) if name.endswith('_losses')]
                raise ValueError(
                    f'model.moves[{index}].losses is {move.losses!r}; a {type(self).__name__} has {known}.'
                    f'{suggest(move.losses, known)}'
                )
        self.stages = parse_stages(
            stages or [dict(name='train')],
            networks={name: self.get_submodule(name) for name in self._nameable()},
            settings=list(self.stage_settings),
            losses=list(self.losses),
            players=list(self.players),
        )
        if self.shared_player is not None and self.num_chunks > 1:
            raise ValueError(
                f'model.moves: the moves of a {type(self).__name__} share one forward pass, so that repeat and '
                'accumulate must be 1'
            )
        self.enter_stage(0)

    # ------------------------------------------------------------------ building

    def _build_network(self, name: str, cfg: dict | list[dict]) -> nn.Module:
        """Builds one of the networks; a method may make up a part of its config."""
        return build_network(name, cfg)

    def init_weights(self) -> None:
        """Initialises every network (random, then what its ``init_cfg`` asks), each from random numbers of its own.

        Moving averages start at these weights.
        """
        for name in self.network_names:
            by_name = isinstance(getattr(self, name), nn.ModuleDict)
            groups = [[member] for member in self._members(name)] if by_name else [self._members(name)]
            for members in groups:  # the networks of a list draw one after the other, those of a dict each for itself
                key = members[0] if by_name else name
                with forked_random(key), DefaultScope.overwrite_default_scope('mmgentransfer'):
                    for member in members:
                        initialise(f'model.networks.{member}', self.get_submodule(member))
        self.update_ema(momentum=0.0)
        self._is_init = True

    # ------------------------------------------------------------------ stages

    @property
    def stage(self) -> Stage:
        """The stage that the model is in."""
        return self.stages[self._stage_index]

    def stage_index_at(self, iteration: int) -> int:
        """Returns the index of the stage that ``iteration`` (counted from 0) belongs to."""
        end = 0
        for index, stage in enumerate(self.stages[:-1]):
            end += stage.iters
            if iteration < end:
                return index
        return len(self.stages) - 1

    def enter_stage(self, index: int) -> None:
        """Makes stage ``index`` the current one: what it does not train is frozen and in eval mode."""
        self._stage_index = index
        self.trained = self.trained_in(self.stage)
        self.train(self.training)

    def begin_stage(self) -> None:
        """Hands weights over; called once when a training arrives at the current stage, not when it resumes within."""

    def check_weights(self, state: dict[str, Tensor]) -> None:
        """Raises a ``ValueError`` if weights of the right shapes still don't fit; it has no objection."""

    def trained_in(self, stage: Stage) -> dict[str, list[str]]:
        """Returns the networks that each player trains in a stage, members of lists and dicts one by one."""
        chosen = set(self._expand(self.network_names if stage.train is None else stage.train))
        chosen -= set(self._expand(stage.freeze))
        return {player: [m for m in self._expand(names) if m in chosen] for player, names in self.players.items()}

    def trained_names(self) -> list[str]:
        """Returns the networks that the current stage trains; a list or dict that is trained whole by its own name."""
        trained = {member for members in self.trained.values() for member in members}
        names = []
        for name in self.network_names:
            members = self._members(name)
            names += [name] if members and trained.issuperset(members) else [m for m in members if m in trained]
        return names

    def _nameable(self) -> list[str]:
        """Returns the names by which stages may speak of networks: those that players train, and their members."""
        return list(dict.fromkeys([*self.trainable_names, *self._expand(self.trainable_names)]))

    def _expand(self, names: list[str]) -> list[str]:
        return [member for name in names for member in self._members(name)]

    def _members(self, name: str) -> list[str]:
        """Returns the names of the networks in a list or dict of networks, or the network's own."""
        network = self.get_submodule(name)
        if isinstance(network, (nn.ModuleList, nn.ModuleDict)):
            return [f'{name}.{key}' for key, _ in network.named_children()]
        return [name]

    def train(self, mode: bool = True) -> AdversarialModel:
        """Sets the training mode; frozen networks and moving averages stay in eval mode."""
        super().train(mode)
        if mode:
            trained = {name for names in self.trained.values() for name in names}
            for name in self._expand(self.network_names):
                network, key = self.get_submodule(name), self._key_of(self.stage.modes, name)
                set_mode(network, self.stage.modes[key] if key else 'train' if name in trained else 'eval')
                if self._key_of(self.stage.only, name) and not key:
                    rest_untrained_layers(network, self.trained_parameters([name]))
            for network in (getattr(self, name) for name in self.network_names):
                if isinstance(network, (nn.ModuleList, nn.ModuleDict)):
                    network.training = any(member.training for member in network.children())
            self.ema.eval()
        return self

    @staticmethod
    def _key_of(named: dict[str, Any], member: str) -> str | None:
        """Returns the key by which a stage's dict speaks of a member of a list or dict of networks, or of all."""
        return next((key for key in (member, member.split('.')[0]) if key in named), None)

    def trained_parameters(self, names: list[str]) -> list[nn.Parameter]:
        """Returns those parameters of the named networks that the current stage lets change."""
        chosen = []
        for member in self._expand(names):
            key = self._key_of(self.stage.only, member)
            parameters = self.get_submodule(member).named_parameters(prefix=member)
            if key is None:
                chosen += [parameter for _, parameter in parameters]
                continue
            patterns = self.stage.only[key]  # found in names that begin after the key's own
            chosen += [p for name, p in parameters if any(re.search(x, name[len(key) + 1 :]) for x in patterns)]
        return chosen

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Raises a ``ValueError`` if the method can't use ``dataset``; called before training, it has no objection.

        Args:
            dataset: The data set of a loader, whose items are dicts of tensors.
            key: The loader's name in the config, for the message.
        """

    def setting(self, name: str) -> Any:
        """Returns one of the method's ``stage_settings`` as it is in the current stage."""
        return self.stage.settings.get(name, self.stage_settings[name])

    def weight(self, term: str, stage: Stage | None = None) -> float:
        """Returns the weight of a loss term in a stage, by default the current one; 0 for one that there isn't."""
        if term not in self.losses:
            return 0.0
        return (stage or self.stage).loss_weights.get(term, self.losses[term].loss_weight)

    # ------------------------------------------------------------------ the training step

    @property
    def num_chunks(self) -> int:
        """Number of equal parts that the loader's batch is split into."""
        return max((move.repeat * move.accumulate for move in self.moves), default=1)

    def train_step(
        self,
        data: dict | None,
        optim_wrapper: dict[str, OptimWrapper],
        iteration: int = 0,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> dict[str, Tensor]:
        """Plays every move once.

        Args:
            data: The loader's batch, holding the images of all repeats of the iteration; None in a stage without data.
            optim_wrapper: Optimiser wrapper of each player.
            iteration: Counter that the random numbers follow from.
            seed: The run's seed.
            batch_size: The loader's batch size, which counts where there is no batch.

        Returns:
            Detached scalar terms of each move's last update, as ``player/term``, or as ``losses/term`` for a move that
            names its losses function.

        Raises:
            ValueError: The batch can't be split evenly into the repeats.
        """
        rank, world_size = get_rank(), get_world_size()

        def random(*counters: int) -> StepRandom:
            return StepRandom(seed, iteration, *counters, rank=rank, world_size=world_size, device=self._device)

        if data is None:
            chunks, size = [{}] * self.num_chunks, batch_size // self.num_chunks
        else:
            size = None
            chunks = self._split(self.data_preprocessor(data, training=True, random=random(len(self.moves))))
        logs: dict[str, Tensor] = {}
        shared = None
        if self.shared_player is not None:
            with self._only_trainable(self.trained[self.shared_player]):
                with optim_wrapper[self.shared_player].optim_context(self):
                    shared = self.shared_pass(Batch(chunks[0], random(len(self.moves) + 1), None, size))
        for index, move in enumerate(self.moves):
            frozen = self._expand(move.freeze)
            names = [name for name in self.trained[move.player] if name not in frozen]
            if not names or iteration % move.every:
                continue
            with self._only_trainable(names) as parameters:
                for repeat in range(move.repeat):
                    first = repeat * move.accumulate
                    batches = [
                        Batch(chunks[first + i], random(index, repeat, i), shared, size) for i in range(move.accumulate)
                    ]
                    terms = self._update(move, batches, parameters, optim_wrapper[move.player])
            logs.update({f'{move.losses or move.player}/{name}': value for name, value in terms.items()})
        return logs

    def _update(
        self, move: Move, batches: list[Batch], parameters: list[nn.Parameter], wrapper: OptimWrapper
    ) -> dict[str, Tensor]:
        """One optimiser step of the player; returns the detached terms of the last micro-batch."""
        losses: Callable[[Batch], dict[str, Tensor]] = getattr(self, move.function)
        for batch in batches:
            with wrapper.optim_context(self):
                terms = losses(batch)
                weighted = [self.weight(name) * value for name, value in terms.items() if self.weight(name)]
                if not weighted:
                    raise ValueError(
                        f'stage {self.stage.name!r} gives every loss term of the player {move.player!r} the weight 0 '
                        f'({sorted(terms)}): leave its move out of model.moves, or its networks out of the stage'
                    )
                total = sum(weighted)
            wrapper.backward(total / len(batches) if len(batches) > 1 else total)
        average_gradients(parameters)
        wrapper.step()
        wrapper.zero_grad()
        return {name: value.detach() for name, value in terms.items()}

    @contextmanager
    def _only_trainable(self, names: list[str]) -> Iterator[list[nn.Parameter]]:
        """Lets only the named networks require gradients, yields their parameters, and frees everything afterwards."""
        parameters = self.trained_parameters(names)
        everything = [p for name in self.trainable_names for p in getattr(self, name).parameters()]
        for parameter in everything:
            parameter.requires_grad_(False)
            parameter.grad = None
        for parameter in parameters:
            parameter.requires_grad_(True)
        try:
            yield parameters
        finally:
            for parameter in everything:
                parameter.requires_grad_(True)

    def _split(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        parts = self.num_chunks
        if parts == 1:
            return [batch]
        pieces = {}
        for key, value in batch.items():
            if isinstance(value, dict):
                pieces[key] = self._split(value)
                continue
            if value.shape[0] % parts:
                raise ValueError(
                    f"train_dataloader.batch_size: a batch of {value.shape[0]} {key} can't be split into the "
                    f'{parts} equal parts that model.moves need; take a multiple of {parts}'
                )
            pieces[key] = value.chunk(parts)
        return [{key: piece[i] for key, piece in pieces.items()} for i in range(parts)]

    @property
    def _device(self) -> torch.device:
        return next(self.parameters()).device

    # ------------------------------------------------------------------ moving averages

    def add_ema(self, names: list[str]) -> None:
        """Adds a moving average of the named networks, which starts at their present weights."""
        for name in names:
            if name not in self.network_names:
                raise ValueError(
                    f'EMAHook.networks names {name!r}; the networks are {self.network_names}.'
                    f'{suggest(name, self.network_names)}'
                )
            self.ema[name] = copy.deepcopy(getattr(self, name)).requires_grad_(False).eval()

    @torch.no_grad()
    def update_ema(self, momentum: float) -> None:
        """Moves each average towards the live weights: average = momentum * average + (1 - momentum) * live.

        Buffers are copied.
        """
        for name, average in self.ema.items():
            live = getattr(self, name)
            torch._foreach_lerp_(list(average.parameters()), list(live.parameters()), 1 - momentum)
            for target, source in zip(average.buffers(), live.buffers(), strict=True):
                target.copy_(source)

    def network(self, name: str, which: str = 'ema') -> nn.Module:
        """Returns a network: its moving average if there is one and ``which='ema'``, else the live one."""
        if which not in ('ema', 'live'):
            raise ValueError(f"which must be 'ema' or 'live', got {which!r}")
        return self.ema[name] if which == 'ema' and name in self.ema else getattr(self, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Not part of a game: a method offers ``sample`` or ``translate``."""
        raise TypeError(f'{type(self).__name__} has no forward pass of its own; call its sampling method')
