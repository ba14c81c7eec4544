"""Checkpoints that a crash or a full disk can't take away."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmgentransfer.registry import HOOKS, suggest

__all__ = ['AtomicCheckpointHook']


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook, counting iterations and writing each file in one step.

    MMEngine removes the oldest checkpoint before it writes the new one, so at least two are kept. A run of 0
    iterations, of a method without training, writes its networks as ``iter_0.pth``, to be scored and sampled as others.

    Args:
        interval: Iterations between two checkpoints.
        max_keep_ckpts: Number of checkpoints that are kept, at least 2; -1 keeps all.
        **kwargs: As MMEngine's hook takes.

    Raises:
        ValueError: ``max_keep_ckpts`` is 0 or 1, or MMEngine's hook has no such argument.
    """

    def __init__(self, interval: int, max_keep_ckpts: int = 2, **kwargs: Any) -> None:
        if max_keep_ckpts in (0, 1):
            raise ValueError(
                f'default_hooks.checkpoint.max_keep_ckpts is {max_keep_ckpts}; with fewer than 2 a crash while '
                'writing would leave no checkpoint (-1 keeps all)'
            )
        super().__init__(
            interval=interval,
            by_epoch=False,
            max_keep_ckpts=max_keep_ckpts,
            backend_args=dict(backend='atomic_local'),
            **kwargs,
        )
        if self.args:  # MMEngine would hand them to `torch.save`'s caller, at the first checkpoint
            name = next(iter(self.args))
            known = [key for key in inspect.signature(CheckpointHook).parameters if key != 'kwargs']
            raise ValueError(f'unknown config key default_hooks.checkpoint.{name}.{suggest(name, known)}')

    def before_train(self, runner: Runner) -> None:
        """Learns where to write, and clears away what a killed run left half written; saves schedulers if any."""
        super().before_train(runner)
        if is_main_process():
            for pattern in ('.iter_*.tmp', '.best_*.tmp'):
                for leftover in Path(self.out_dir).glob(pattern):
                    leftover.unlink(missing_ok=True)
        self.save_param_scheduler = runner.param_schedulers is not None

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Saves when it is time; a failed write stops the run with what to do about it."""
        try:
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
        except OSError as error:
            raise OSError(
                error.errno,
                f'the checkpoint of iteration {runner.iter + 1} could not be written to {self.out_dir} '
                f'({error.strerror}); earlier checkpoints are untouched. Make room and go on with --resume',
            ) from error

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Keeps the best weights of a training; a run that is only scored writes none."""
        if hasattr(self, 'file_backend'):  # which MMEngine's hook has from the beginning of a training
            super().after_val_epoch(runner, metrics)

    def after_train(self, runner: Runner) -> None:
        """Saves the networks of a run without iterations; publishes what MMEngine's hook is asked to."""
        if runner.max_iters == 0:
            self._save_checkpoint_with_step(runner, 0, meta=dict(epoch=0, iter=0))
        super().after_train(runner)
