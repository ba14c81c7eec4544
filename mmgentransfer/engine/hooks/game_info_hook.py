"""Losses for the log without a device synchronisation in every iteration, and the watch for non-finite ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor

from mmgentransfer.registry import HOOKS

__all__ = ['GameInfoHook']


@HOOKS.register_module()
class GameInfoHook(RuntimeInfoHook):
    """MMEngine's RuntimeInfoHook, which reads the losses from the device once every ``interval`` iterations.

    Before a checkpoint is written the losses so far are read too, so that no checkpoint is made of a run that has gone
    wrong. On the CPU every iteration is read at once.

    A term is logged as the method returns it, ``player/term``, and times its weight in the stage,
    ``player/term_weighted``, unless the weight is 1.

    Args:
        interval: Iterations between two readings on an accelerator; best the same as the logger's.

    Raises:
        FloatingPointError: A loss is not finite; the message names stage, player, term and iteration.
    """

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval
        self._pending: list[tuple[int, dict[str, Tensor]]] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Tensor] | None = None
    ) -> None:
        """Keeps the iteration's losses, and reads all kept ones when it is time."""
        self._pending.append((runner.iter, outputs or {}))
        on_cpu = all(value.device.type == 'cpu' for value in (outputs or {}).values())
        if on_cpu or self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            self._read(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Reads the losses, so that a diverged run isn't saved, and drops what ``weights_only`` can't load."""
        self._read(runner)
        hub = checkpoint['message_hub']
        info = {key: v.item() if isinstance(v, np.generic) else v for key, v in hub['runtime_info'].items()}
        checkpoint['message_hub'] = dict(hub, log_scalars={}, runtime_info=info)

    def _read(self, runner: Runner) -> None:
        pending, self._pending = self._pending, []
        rows = [(iteration, name) for iteration, outputs in pending for name in outputs]
        if not rows:
            return
        values = torch.stack([value.float() for _, outputs in pending for value in outputs.values()]).tolist()
        for (iteration, name), value in zip(rows, values, strict=True):
            player, term = name.split('/', 1)
            stage = runner.model.stages[runner.model.stage_index_at(iteration)]
            if value != value or value in (float('inf'), float('-inf')):
                raise FloatingPointError(
                    f'the loss term {term!r} of player {player!r} is {value} at iteration {iteration} '
                    f'(stage {stage.name!r}); the run stops here, and the last checkpoint in {runner.work_dir} stays'
                )
            runner.message_hub.update_scalar(f'train/{name}', value)
            weight = runner.model.weight(term, stage)
            if weight not in (0, 1):
                runner.message_hub.update_scalar(f'train/{name}_weighted', weight * value)
