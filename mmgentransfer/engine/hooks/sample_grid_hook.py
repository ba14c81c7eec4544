"""Pictures of the training: the same latents at every chosen iteration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgentransfer.registry import HOOKS
from mmgentransfer.visualization.grids import log_spaced, make_grid, read_grid, save_image, split_grid

__all__ = ['SampleGridHook', 'drawing_schedule']


def drawing_schedule(max_iters: int, num: int | None, interval: int | None) -> list[int]:
    """Returns the iterations to draw at: ``num`` log-spaced ones, or every ``interval``-th, 0 and the last included."""
    if interval is None:
        return log_spaced(max_iters, num)
    return sorted({*range(0, max_iters + 1, interval), max_iters})


@HOOKS.register_module()
class SampleGridHook(Hook):
    """Writes ``reals.png`` and ``fakes_init.png`` before the first step, a grid at chosen iterations, and a strip.

    The reals are spread evenly over the training set. The latents are fixed, so the grids show how each image changes.
    Iteration k is drawn after k updates: the first column of the strip is the source model itself (thesis Figs. 2.2 and
    2.4). A :class:`MineGAN` of several generators also gets ``generators.png`` at the end, a row of samples for each of
    them (Figs. 3.7, A.7 and A.8).

    Args:
        num: Number of grids, from iteration 0 to the last, evenly spaced in log(iteration + 1).
        interval: In place of ``num``: a grid every so many iterations.
        num_images: Images in a grid.
        columns: Images in a row of a grid.
        strip_rows: Number of latents that the strip follows.
        seed: Of the latents.
        batch_statistics: See :meth:`GAN.generate`.
    """

    priority = 'LOW'

    def __init__(
        self,
        num: int | None = 10,
        interval: int | None = None,
        num_images: int = 40,
        columns: int = 10,
        strip_rows: int = 8,
        seed: int = 0,
        batch_statistics: bool = False,
    ) -> None:
        if (num is None) == (interval is None):
            raise ValueError('SampleGridHook takes either num (log-spaced) or interval; set the other to None')
        self.num = num
        self.interval = interval
        self.num_images = num_images
        self.columns = columns
        self.strip_rows = strip_rows
        self.seed = seed
        self.batch_statistics = batch_statistics

    def before_train(self, runner: Runner) -> None:
        """Fixes the schedule; draws the reals and the starting point of a new run."""
        self.schedule = drawing_schedule(runner.max_iters, self.num, self.interval)
        self.folder = Path(runner.work_dir) / 'samples'
        if runner.iter == 0 and is_main_process():
            dataset = runner.train_dataloader.dataset
            indices = np.arange(self.num_images) % len(dataset)
            if len(dataset) > self.num_images:  # the first images of a set in order are all of one class
                indices = np.linspace(0, len(dataset) - 1, self.num_images).round().astype(int)
            reals = [dataset[int(i)]['images'].permute(1, 2, 0).numpy() for i in indices]
            save_image(Path(runner.work_dir) / 'reals.png', make_grid(np.stack(reals), self.columns))
            save_image(Path(runner.work_dir) / 'fakes_init.png', self._draw(runner))
            save_image(self._path(0), self._draw(runner))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Draws a grid when it is time."""
        if is_main_process() and runner.iter + 1 in self.schedule:
            save_image(self._path(runner.iter + 1), self._draw(runner))

    def after_train(self, runner: Runner) -> None:
        """Puts the grids together to ``strip.png``: a column for each iteration, a row for each latent."""
        if not is_main_process():
            return
        if getattr(runner.model, 'num_generators', 1) > 1:
            save_image(Path(runner.work_dir) / 'generators.png', self._draw_generators(runner))
        paths = [self._path(iteration) for iteration in self.schedule if self._path(iteration).exists()]
        if not paths:
            return
        side = runner.train_dataloader.dataset[0]['images'].shape[-1]
        columns = [split_grid(read_grid(path), side, self.strip_rows) for path in paths]
        images = np.stack(columns, axis=1).reshape(-1, side, side, 3)
        save_image(Path(runner.work_dir) / 'strip.png', make_grid(images, len(paths)))

    def _path(self, iteration: int) -> Path:
        return self.folder / f'iter_{iteration:07d}.png'

    def _draw_generators(self, runner: Runner) -> np.ndarray:
        settings = dict(seed=(self.seed, 1), batch_statistics=self.batch_statistics)
        numbers = range(runner.model.num_generators)
        rows = [runner.model.sample(self.columns, generator_index=i, **settings) for i in numbers]
        return make_grid(np.concatenate(rows), self.columns)

    def _draw(self, runner: Runner) -> np.ndarray:
        images = runner.model.sample(self.num_images, seed=(self.seed, 1), batch_statistics=self.batch_statistics)
        return make_grid(images, self.columns)
