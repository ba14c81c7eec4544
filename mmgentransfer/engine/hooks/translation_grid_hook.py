"""Pictures of the training of translators: the same samples at every chosen iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgentransfer.engine.hooks.sample_grid_hook import drawing_schedule
from mmgentransfer.engine.loops.translation_loop import group_tasks
from mmgentransfer.registry import HOOKS, suggest
from mmgentransfer.visualization.grids import PADDING, make_grid, save_image

__all__ = ['TranslationGridHook']


@HOOKS.register_module()
class TranslationGridHook(Hook):
    """Draws translations of test samples, before the first step and at chosen iterations.

    A row is a sample. A column is a modality as it truly is, followed by what each task made of the others: ``depth``,
    then ``S2D``, ``R2D``. Depth has the colours of the true depths of all rows. Written are ``reals.png``, the samples
    as they are; ``fakes_init.png``, the grid before the first step; and ``samples/iter_<k>.png`` after k steps.

    Args:
        num: Number of grids, from iteration 0 to the last, evenly spaced in log(iteration + 1).
        interval: In place of ``num``: a grid every so many iterations.
        num_samples: Number of samples, evenly spaced in the set of ``val_dataloader``.
        tasks: Names of the tasks of ``val_cfg`` to show; None: all.
        smallest: Pixels that the shorter side of a sample is blown up to, pixel by pixel.

    Raises:
        ValueError: ``num`` and ``interval`` are both given or both None, or a number is not positive.
    """

    priority = 'LOW'

    def __init__(
        self,
        num: int | None = 10,
        interval: int | None = None,
        num_samples: int = 8,
        tasks: Sequence[str] | None = None,
        smallest: int = 64,
    ) -> None:
        if (num is None) == (interval is None):
            raise ValueError('TranslationGridHook takes either num (log-spaced) or interval; set the other to None')
        if num_samples < 1 or smallest < 1:
            raise ValueError(
                f'TranslationGridHook: num_samples={num_samples} and smallest={smallest} must be at least 1'
            )
        self.num = num
        self.interval = interval
        self.num_samples = num_samples
        self.tasks = None if tasks is None else list(tasks)
        self.smallest = smallest

    def before_train(self, runner: Runner) -> None:
        """Fixes schedule, tasks and samples; draws the samples and the starting point of a new run.

        Raises:
            ValueError: There is no validation by a TranslationLoop, or it has no task of that name.
        """
        self.schedule = drawing_schedule(runner.max_iters, self.num, self.interval)
        self._tasks = self._chosen(getattr(runner.val_loop, 'tasks', None))
        if not is_main_process():
            return
        dataset = runner.val_loop.dataloader.dataset
        index = np.linspace(0, len(dataset) - 1, min(self.num_samples, len(dataset))).round().astype(int).tolist()
        self._batch = runner.val_loop.dataloader.collate_fn(
            dataset.__getitems__(index) if hasattr(dataset, '__getitems__') else [dataset[i] for i in index]
        )
        if runner.iter == 0:
            save_image(Path(runner.work_dir) / 'reals.png', self._draw(runner, []))
            grid = self._draw(runner, self._tasks)
            save_image(Path(runner.work_dir) / 'fakes_init.png', grid)
            save_image(self._path(runner, 0), grid)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Draws a grid when it is time."""
        if is_main_process() and runner.iter + 1 in self.schedule:
            save_image(self._path(runner, runner.iter + 1), self._draw(runner, self._tasks))

    def _chosen(self, tasks: Sequence[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
        if tasks is None:
            raise ValueError('TranslationGridHook shows the tasks of val_cfg, which must be a TranslationLoop')
        known = {task['name']: task for task in tasks}
        for name in self.tasks or []:
            if name not in known:
                raise ValueError(
                    f'TranslationGridHook.tasks has {name!r}; those of val_cfg are {list(known)}.'
                    f'{suggest(name, list(known))}'
                )
        return [task for name, task in known.items() if self.tasks is None or name in self.tasks]

    @staticmethod
    def _path(runner: Runner, iteration: int) -> Path:
        return Path(runner.work_dir) / 'samples' / f'iter_{iteration:07d}.png'

    def _draw(self, runner: Runner, tasks: Sequence[Mapping[str, Any]]) -> np.ndarray:
        # the pictures know the modalities of the models, and the models import this package
        from mmgentransfer.visualization.modalities import paint_modality, value_limits, write_above

        model = runner.model
        samples = model.data_preprocessor(self._batch)
        made = _translate(model, samples, tasks)
        texts, columns = [], []
        for name, modality in model.modalities.items():
            shown = [(name, samples[name])] if name in samples else []
            shown += [(task['name'], values) for task, values in made if task['target'] == name]
            limits = None
            for text, values in shown:
                pixels = modality.to_pixels(values).cpu().numpy()
                # the first is the truth, if there is one; all are coloured alike
                limits = limits or value_limits(modality, pixels)
                columns.append(paint_modality(modality, pixels, limits))
                texts.append(text)
        factor = max(1, -(-self.smallest // min(columns[0].shape[1:3])))
        images = np.stack(columns, axis=1).repeat(factor, axis=2).repeat(factor, axis=3)
        step = images.shape[3] + PADDING
        starts = [PADDING + place * step for place in range(len(columns))]
        return write_above(make_grid(images.reshape(-1, *images.shape[2:]), len(columns)), texts, starts)


def _translate(
    model: Any, samples: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Any]]:
    """Returns each task with the values that it makes; tasks that differ in the target alone are done at once."""
    made = []
    for sources, via, fusion, group in group_tasks(tasks):
        targets = list(dict.fromkeys(task['target'] for task in group))
        outputs = model.predict({name: samples[name] for name in sources}, targets, via, **fusion)
        made += [(task, model.modalities[task['target']].to_values(outputs[task['target']])) for task in group]
    return made
