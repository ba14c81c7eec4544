"""Moving averages of networks."""

from __future__ import annotations

from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgentransfer.registry import HOOKS

__all__ = ['EMAHook']


@HOOKS.register_module()
class EMAHook(Hook):
    """Keeps moving averages of named networks, which sampling, validation and ``init_model`` use.

    Args:
        networks: Names of the networks, e.g. ``['generator']``.
        momentum: Share of the old average that each iteration keeps, e.g. 0.999.
        half_life: In place of ``momentum``: number of images after which an old weight counts half.
        start: Iteration from which on weights are averaged; before, the average is a copy of the live weights.

    Raises:
        ValueError: Not exactly one of ``momentum`` and ``half_life`` is given, or an argument is out of range.
    """

    priority = 'NORMAL'

    def __init__(
        self, networks: list[str], momentum: float | None = None, half_life: float | None = None, start: int = 0
    ) -> None:
        if (momentum is None) == (half_life is None):
            raise ValueError('EMAHook takes either momentum or half_life (in images)')
        if momentum is not None and not 0 <= momentum < 1:
            raise ValueError(f'EMAHook.momentum must be in [0, 1), got {momentum}')
        if half_life is not None and half_life <= 0:
            raise ValueError(f'EMAHook.half_life is a number of images above 0, got {half_life}')
        if start < 0:
            raise ValueError(f'EMAHook.start is an iteration, 0 or later, got {start}')
        self.networks = networks
        self.momentum = momentum
        self.half_life = half_life
        self.start = start

    def before_run(self, runner: Runner) -> None:
        """Adds the averages, before a checkpoint with theirs is loaded."""
        if not runner.model.ema:
            runner.model.add_ema(self.networks)

    def before_train(self, runner: Runner) -> None:
        """Learns the momentum; the averages themselves start with the model's initialisation."""
        if self.half_life is None:
            self._momentum = self.momentum
        else:
            images = runner.train_dataloader.batch_size * get_world_size() / runner.model.num_chunks
            self._momentum = 0.5 ** (images / self.half_life)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Moves the averages."""
        runner.model.update_ema(self._momentum if runner.iter >= self.start else 0.0)
