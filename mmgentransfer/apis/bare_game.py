"""An iteration of a game as its bare passes, whatever the method."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.schedule import Move
from mmgentransfer.models.step_random import StepRandom

__all__ = ['BareGame']


class BareGame:
    """The moves of an iteration: freezing, losses, backward passes and optimiser steps, and nothing else.

    A subclass defines, for each losses function of the method, ``<name>_loss(batch, shared) -> Tensor``, the weighted
    sum of its terms, and :meth:`shared_pass` if the method has one. A batch has images in a stage without data too,
    where their number alone counts.

    Args:
        model: The model, in the stage that is measured.
        optimizers: The PyTorch optimiser of each player.
        batch: Preprocessed data of a whole iteration.
        amp: Whether to run in mixed precision.
    """

    def __init__(self, model: AdversarialModel, optimizers: dict[str, Any], batch: dict[str, Any], amp: bool) -> None:
        self.model = model
        self.optimizers = optimizers
        self.batch = batch
        self.amp = amp
        self.device = next(model.parameters()).device
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=amp)
        self._moves = [(move, parameters) for move in model.moves if (parameters := self._changed(move))]
        self.everything = [p for name in model.trainable_names for p in getattr(model, name).parameters()]
        self.random = StepRandom(0, device=self.device)
        self.iteration = 0

    # ------------------------------------------------------------------ what a subclass defines

    def shared_pass(self, batch: dict[str, Any]) -> Any:
        """Returns what all moves of an iteration share."""

    # ------------------------------------------------------------------ an iteration

    def run(self) -> None:
        """One iteration; a move that isn't due at this one is left out."""
        chunks = self.model._split(self.batch)
        shared = None
        if self.model.shared_player is not None:
            self._only(self.model.trained_parameters(self.model.trained[self.model.shared_player]))
            with self.autocast():
                shared = self.shared_pass(chunks[0])
        for move, parameters in self._due():
            self._only(parameters)
            loss_of: Callable[[dict[str, Any], Any], Tensor] = getattr(self, f'{move.losses or move.player}_loss')
            optimizer = self.optimizers[move.player]
            for repeat in range(move.repeat):
                for i in range(repeat * move.accumulate, (repeat + 1) * move.accumulate):
                    loss = loss_of(chunks[i], shared)
                    self.scaler.scale(loss / move.accumulate).backward()
                self.scaler.step(optimizer)
                self.scaler.update()
                optimizer.zero_grad()
        self.iteration += 1

    def optimiser_steps(self) -> None:
        """The optimisers' steps of one iteration alone."""
        for move, parameters in self._due():
            for parameter in parameters:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            for _ in range(move.repeat):
                self.optimizers[move.player].step()
        self.iteration += 1

    def autocast(self) -> AbstractContextManager:
        """Mixed precision, if it is asked for."""
        return torch.autocast(self.device.type) if self.amp else nullcontext()

    def weighted(self, **terms: Callable[[], Tensor]) -> Tensor:
        """Returns the weighted sum of the terms that have a weight; the others are not computed."""
        weight = self.model.weight
        return sum(weight(name) * term() for name, term in terms.items() if weight(name))

    def _changed(self, move: Move) -> list[nn.Parameter]:
        left = self.model._expand(move.freeze)
        return self.model.trained_parameters([name for name in self.model.trained[move.player] if name not in left])

    def _due(self) -> list[tuple[Move, list[nn.Parameter]]]:
        """Returns the moves of this iteration that train anything, each with the parameters that it changes."""
        return [move for move in self._moves if not self.iteration % move[0].every]

    def _only(self, parameters: list[nn.Parameter]) -> None:
        for parameter in self.everything:
            parameter.requires_grad_(False)
        for parameter in parameters:
            parameter.requires_grad_(True)
