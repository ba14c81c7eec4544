"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mmengine.runner import IterBasedTrainLoop

from mmgentransfer.engine.distributed import broadcast_buffers, broadcast_model
from mmgentransfer.registry import LOOPS

__all__ = ['GameTrainLoop']


@LOOPS.register_module()
class GameTrainLoop(IterBasedTrainLoop):
    """MMEngine's iteration-based loop, which tells the model's step which iteration it is.

    Args:
        runner: The runner.
        dataloader: Dataloader or its config; a batch holds the images of a whole iteration.
        max_iters: Number of iterations, i.e. of generator updates.
        val_interval: Iterations between two validations; the last iteration is always validated.
        val_at: Further iterations after which to validate, such as early ones; those after ``max_iters`` never come.
        val_at_start: Whether a new run is validated before its first iteration, which scores the source model.
        repeat_images: Whether to train, with a warning, on fewer images than one update takes, which repeats images
            within a batch; False: this is an error.

    Raises:
        ValueError: The model's stages don't add up to ``max_iters``, the batch can't be split into the model's moves,
            there are fewer images than one update takes and ``repeat_images`` is False, ``val_at`` holds anything but
            iterations, or the method can't train on the data set.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        max_iters: int,
        val_interval: int = 1000,
        val_at: Sequence[int] = (),
        val_at_start: bool = False,
        repeat_images: bool = True,
    ) -> None:
        super().__init__(runner, dataloader, max_iters=max_iters, val_interval=val_interval)
        self.val_at = val_at
        self.val_at_start = val_at_start
        self._check_val_at()
        self._check_stages()
        self.dataloader_iterator = _StageBatches(self.dataloader_iterator, runner.model)
        if any(stage.data for stage in runner.model.stages):
            self._check_batch(repeat_images)
            runner.model.check_dataset(self.dataloader.dataset)

    def _check_val_at(self) -> None:
        wrong = [iteration for iteration in self.val_at if not isinstance(iteration, int) or iteration < 1]
        if wrong:
            raise ValueError(f'train_cfg.val_at has {wrong}: it takes iterations, counted from 1')

    def _check_stages(self) -> None:
        stages = self.runner.model.stages
        if stages == [stage for stage in stages if stage.iters is None]:
            return
        total = sum(stage.iters for stage in stages)
        if total != self.max_iters:
            parts = ' + '.join(f'{stage.name} {stage.iters}' for stage in stages)
            raise ValueError(
                f'model.stages add up to {total} iterations ({parts}), but train_cfg.max_iters is {self.max_iters}: '
                'make them equal, e.g. by iters of a stage in model.stages'
            )

    def _check_batch(self, repeat_images: bool) -> None:
        size, parts, num = self.dataloader.batch_size, self.runner.model.num_chunks, len(self.dataloader.dataset)
        if size % parts:
            raise ValueError(
                f'train_dataloader.batch_size = {size} can not be split evenly into the {parts} updates that '
                f'model.moves asks of one iteration; take a multiple of {parts}, e.g. {max(1, size // parts) * parts}'
            )
        needed = size // parts * self.runner.world_size
        if num < needed:
            what = (
                f'train_dataloader.dataset has {num} images, but one update takes {needed} '
                f'(train_dataloader.batch_size {size} / {parts} x {self.runner.world_size} processes)'
            )
            if not repeat_images:
                raise ValueError(f'{what}; lower the batch size, or allow repeats: train_cfg.repeat_images=True')
            self.runner.logger.warning(f'{what}: every batch repeats images; train_cfg.repeat_images=False forbids it')

    def run(self) -> Any:
        """Trains; see :class:`IterBasedTrainLoop`."""
        broadcast_model(self.runner.model)
        at_end = self._iter >= self._max_iters
        if self.runner.val_loop is not None and (at_end or (self.val_at_start and self._iter == 0)):
            self.runner.val_loop.run()  # a run killed after its last checkpoint still gets its last score
        return super().run()

    def run_iter(self, data_batch: dict) -> None:
        """One iteration with its hooks."""
        self.runner.call_hook('before_train_iter', batch_idx=self._iter, data_batch=data_batch)
        started = time.perf_counter()
        outputs = self.runner.model.train_step(
            data_batch,
            optim_wrapper=self.runner.optim_wrapper,
            iteration=self._iter,
            seed=self.runner.seed,
            batch_size=self.dataloader.batch_size,
        )
        broadcast_buffers(self.runner.model)
        hub = self.runner.message_hub  # seconds of training alone; part of the checkpoint, so a resumed run goes on
        hub.update_info('train_seconds', hub.get_info('train_seconds', 0.0) + time.perf_counter() - started)
        self.runner.call_hook('after_train_iter', batch_idx=self._iter, data_batch=data_batch, outputs=outputs)
        self._iter += 1
        regular = self._iter % self.val_interval == 0 or self._iter == self._max_iters
        if self._iter in self.val_at and not regular and self.runner.val_loop is not None:
            self.runner.val_loop.run()


class _StageBatches:
    """A loader's batches for the stages that take data, and None for the others, which leave the loader alone.

    Args:
        iterator: MMEngine's endless iterator of the loader.
        model: Has the stages.
    """

    def __init__(self, iterator: Any, model: Any) -> None:
        self._iterator = iterator
        self._model = model
        self._iteration = 0

    def __next__(self) -> dict | None:
        takes_data = self._takes_data(self._iteration)
        self._iteration += 1
        return next(self._iterator) if takes_data else None

    def skip_iter(self, num_iters: int) -> None:
        """Passes over the batches of the iterations that a resumed run has had."""
        self._iterator.skip_iter(sum(map(self._takes_data, range(self._iteration, self._iteration + num_iters))))
        self._iteration += num_iters

    def _takes_data(self, iteration: int) -> bool:
        return self._model.stages[self._model.stage_index_at(iteration)].data
