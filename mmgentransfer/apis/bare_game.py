"""An iteration of a game as its bare passes, whatever the method."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.step_random import StepRandom

__all__ = ['BareGame']


class BareGame:
    """The moves of an iteration: freezing, losses, backward passes and optimiser steps, and nothing else.

    A subclass defines :meth:`critic_loss` and :meth:`generator_loss`, and :meth:`shared_pass` if the method has one.

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
        self.trained = {player: model.trained_parameters(names) for player, names in model.trained.items()}
        self.everything = [p for name in model.trainable_names for p in getattr(model, name).parameters()]
        self.random = StepRandom(0, device=self.device)
        self.iteration = 0

    # ------------------------------------------------------------------ what a subclass defines

    def shared_pass(self, batch: dict[str, Any]) -> Any:
        """Returns what all moves of an iteration share."""

    def critic_loss(self, batch: dict[str, Any], shared: Any) -> Tensor:
        """Returns the weighted sum of the critic's terms."""
        raise NotImplementedError

    def generator_loss(self, batch: dict[str, Any], shared: Any) -> Tensor:
        """Returns the weighted sum of the generator's terms."""
        raise NotImplementedError

    # ------------------------------------------------------------------ an iteration

    def run(self) -> None:
        """One iteration; a move that isn't due at this one is left out."""
        chunks = self.model._split(self.batch)
        losses = dict(critic=self.critic_loss, generator=self.generator_loss)
        shared = None
        if self.model.shared_player is not None:
            self._only(self.trained[self.model.shared_player])
            with self.autocast():
                shared = self.shared_pass(chunks[0])
        for move in self._due():
            self._only(self.trained[move.player])
            optimizer = self.optimizers[move.player]
            for repeat in range(move.repeat):
                for i in range(repeat * move.accumulate, (repeat + 1) * move.accumulate):
                    loss = losses[move.player](chunks[i], shared)
                    self.scaler.scale(loss / move.accumulate).backward()
                self.scaler.step(optimizer)
                self.scaler.update()
                optimizer.zero_grad()
        self.iteration += 1

    def optimiser_steps(self) -> None:
        """The optimisers' steps of one iteration alone."""
        for move in self._due():
            for parameter in self.trained[move.player]:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            for _ in range(move.repeat):
                self.optimizers[move.player].step()
        self.iteration += 1

    def autocast(self) -> AbstractContextManager:
        """Mixed precision, if it is asked for."""
        return torch.autocast(self.device.type) if self.amp else nullcontext()

    def _due(self) -> list[Any]:
        return [m for m in self.model.moves if self.trained[m.player] and not self.iteration % m.every]

    def _only(self, parameters: list[nn.Parameter]) -> None:
        for parameter in self.everything:
            parameter.requires_grad_(False)
        for parameter in parameters:
            parameter.requires_grad_(True)
