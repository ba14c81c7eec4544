"""Scoring a translator: every sample of the test set once, every translation that is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.runner import BaseLoop
from torch import nn

from mmgentransfer.registry import LOOPS

__all__ = ['TranslationLoop', 'group_tasks']

FUSION_KEYS = ('alpha', 'weights', 'indices_from')


@LOOPS.register_module()
class TranslationLoop(BaseLoop):
    """Translates the samples of a data set and scores the results against their other modalities.

    Tasks with the same sources share their encoding. Each evaluation adds a line to ``metrics.jsonl`` in the run's
    folder; a score's name begins with its task's: ``D2S/miou``.

    Args:
        runner: The runner.
        dataloader: Aligned samples, a dataloader or its config.
        evaluator: A :class:`TranslationEvaluator` or its config.
        tasks: What to translate: ``dict(name='D2S', source=['depth'], target='segmentation')``, optionally with ``via``
            (a cascade) and with ``alpha``, ``weights`` and ``indices_from`` for several sources.

    Raises:
        ValueError: A task lacks its name, source or target, or two have one name; a task names what the model, the
            metrics or the samples don't have; or processes would score samples twice or none.
    """

    def __init__(self, runner: Any, dataloader: Any, evaluator: Any, tasks: Sequence[dict[str, Any]]) -> None:
        super().__init__(runner, dataloader)
        self.evaluator = runner.build_evaluator(evaluator) if isinstance(evaluator, dict) else evaluator
        self.tasks = [_checked(i, dict(task)) for i, task in enumerate(tasks)]
        names = [task['name'] for task in self.tasks]
        if len(set(names)) < len(names):
            raise ValueError(f'val_cfg.tasks: names must differ, got {names}')
        for notice in self.evaluator.notices():
            runner.logger.warning(notice)
        self.evaluator.check(runner.model, self.tasks)
        self._check_data()
        for task in self.tasks:
            if len(task['source']) > 1:
                _check_fusion(runner.model, task)

    def _check_data(self) -> None:
        dataset, sampler = self.dataloader.dataset, self.dataloader.sampler
        held = getattr(dataset, 'modalities', None)
        for task in self.tasks:
            for name in (*task['source'], task['target']):
                if held is not None and name not in held:
                    raise ValueError(
                        f'val_cfg.tasks: {task["name"]} needs {name!r}; the samples of val_dataloader have {held}'
                    )
        if len(dataset) < get_world_size():
            raise ValueError(f'val_dataloader.dataset has {len(dataset)} samples for {get_world_size()} processes')
        if get_world_size() > 1 and getattr(sampler, 'round_up', False):
            raise ValueError('val_dataloader.sampler.round_up=True would score samples twice; set it to False')
        self.runner.model.check_dataset(dataset, 'val_dataloader')
        self.evaluator.check_dataset(self.runner.model, dataset)

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Translates, scores, and returns the metrics."""
        runner, model = self.runner, self.runner.model
        was_training = model.training
        runner.call_hook('before_val')
        runner.call_hook('before_val_epoch')
        model.eval()
        self.evaluator.reset()
        groups = group_tasks(self.tasks)
        for batch in self.dataloader:
            samples = model.data_preprocessor(batch)
            for sources, via, fusion, tasks in groups:
                inputs = {name: samples[name] for name in sources}
                targets = list(dict.fromkeys(task['target'] for task in tasks))
                outputs = model.predict(inputs, targets, via, **fusion)
                for task in tasks:
                    self.evaluator.process(task, outputs[task['target']], samples)
            self.evaluator.observe(model, samples)
        self.metrics = self.evaluator.evaluate()
        self._append(self.metrics)
        model.train(was_training)
        runner.call_hook('after_val_epoch', metrics=self.metrics)
        runner.call_hook('after_val')
        return self.metrics

    def _append(self, metrics: dict[str, float]) -> None:
        if not is_main_process():
            return
        hub = self.runner.message_hub
        line = dict(
            iter=self.runner.iter,
            num_samples=len(self.dataloader.dataset),
            train_seconds=hub.get_info('train_seconds', 0.0),
            **metrics,
        )
        with open(Path(self.runner.work_dir) / 'metrics.jsonl', 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


def _checked(index: int, task: dict[str, Any]) -> dict[str, Any]:
    known = {'name', 'source', 'target', 'via', *FUSION_KEYS}
    missing, unknown = {'name', 'source', 'target'} - set(task), set(task) - known
    if missing or unknown:
        raise ValueError(
            f'val_cfg.tasks[{index}] = {task}: '
            + (f'it lacks {sorted(missing)}' if missing else f'unknown {sorted(unknown)}; known are {sorted(known)}')
        )
    source = task['source']
    return {**task, 'source': [source] if isinstance(source, str) else list(source)}


def _check_fusion(model: nn.Module, task: dict[str, Any]) -> None:
    """Raises before training what a fusion would raise at the first validation."""
    if not hasattr(model, 'fusion'):
        raise ValueError(f'val_cfg.tasks: {task["name"]} has several sources; a {type(model).__name__} takes one')
    try:
        model.fusion.weights(task['source'], *(task.get(key) for key in FUSION_KEYS))
    except ValueError as error:
        raise ValueError(f'val_cfg.tasks: {task["name"]}: {error}') from None


def group_tasks(tasks: Sequence[dict[str, Any]]) -> list[tuple[list[str], Sequence[str], dict[str, Any], list[dict]]]:
    """Returns tasks in groups that share their encoding: (sources, via, fusion, tasks)."""
    groups: dict[str, tuple[list[str], Sequence[str], dict[str, Any], list[dict]]] = {}
    for task in tasks:
        fusion = {key: task[key] for key in FUSION_KEYS if key in task}
        sources, via = task['source'], task.get('via', ())
        key = json.dumps([sources, list(via), fusion], sort_keys=True)
        groups.setdefault(key, (sources, via, fusion, []))[3].append(task)
    return list(groups.values())
