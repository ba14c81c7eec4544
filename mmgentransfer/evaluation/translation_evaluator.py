"""Scores of translations, task by task."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.registry import EVALUATORS, METRICS, suggest

__all__ = ['TranslationEvaluator']


@EVALUATORS.register_module()
class TranslationEvaluator:
    """Gives every task the metrics of its target modality.

    A metric holds its sums on the device, so that nothing waits for a batch; see
    :mod:`mmgentransfer.evaluation.metrics.translation`. One without a ``modality`` describes the model itself. One with
    ``needs_labels`` is given the samples' classes too. One whose ``extractor`` has no weights is left out, and
    ``notices`` says so; a task that only such a metric would score has no scores.

    Args:
        metrics: Config of each metric.
        means: Groups of tasks by name, ``dict(unseen=['D2S', 'S2D'])``: each score that all tasks of a group have is
            given as their mean, too, as ``unseen/<score>``.
    """

    def __init__(self, metrics: Sequence[dict[str, Any]], means: Mapping[str, Sequence[str]] | None = None) -> None:
        self.means = {name: list(tasks) for name, tasks in (means or {}).items()}
        declared = [METRICS.build(dict(metric)) for metric in metrics]
        missing = {i: m.extractor.missing() for i, m in enumerate(declared) if hasattr(m, 'extractor')}
        self._missing = [(type(declared[i]).__name__, reason) for i, reason in missing.items() if reason is not None]
        self._left_out = {getattr(declared[i], 'modality', None) for i, reason in missing.items() if reason is not None}
        built = [metric for i, metric in enumerate(declared) if missing.get(i) is None]
        self._prototypes = [metric for metric in built if getattr(metric, 'modality', None) is not None]
        self._of_model = [metric for metric in built if getattr(metric, 'modality', None) is None]
        self._by_task: dict[str, list[Any]] = {}

    def notices(self) -> list[str]:
        """Returns a line for each metric that is left out: what to put where."""
        return [f'val_evaluator.metrics: {name} is left out. {reason}' for name, reason in self._missing]

    def check(self, model: nn.Module, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Prepares each task's metrics.

        Raises:
            ValueError: A task names an unknown modality, no metric scores it, or a metric or a mean names an unknown
                task.
        """
        self._check_names([task['name'] for task in tasks])
        for metric in (*self._prototypes, *self._of_model):
            metric.bind(model)
        known = list(model.modalities)
        for task in tasks:
            for name in (*task['source'], task['target'], *task.get('via', ())):
                if name not in known:
                    raise ValueError(f'val_cfg.tasks: {task["name"]} names {name!r}; the modalities are {known}')
            scoring = [
                metric
                for metric in self._prototypes
                if metric.modality == task['target'] and task['name'] in (_tasks_of(metric) or [task['name']])
            ]
            if not scoring and task['target'] not in self._left_out:
                raise ValueError(
                    f'val_evaluator.metrics has none for {task["target"]!r}, the target of the task {task["name"]!r}'
                )
            self._by_task[task['name']] = [copy.copy(metric) for metric in scoring]

    def _check_names(self, tasks: Sequence[str]) -> None:
        """Raises for tasks that ``means`` or a metric's ``tasks`` name and ``val_cfg`` lacks."""
        named = {f'means.{group}': names for group, names in self.means.items()}
        named |= {
            f'metrics: {type(m).__name__}.tasks': _tasks_of(m) for m in self._prototypes if _tasks_of(m) is not None
        }
        for key, names in named.items():
            if not names:
                raise ValueError(f'val_evaluator.{key} is empty; it needs names of tasks of val_cfg: {list(tasks)}')
            for name in names:
                if name not in tasks:
                    raise ValueError(
                        f'val_evaluator.{key} names {name!r}; the tasks of val_cfg are {list(tasks)}.'
                        f'{suggest(name, list(tasks))}'
                    )
        for group in self.means:
            if group in tasks:
                raise ValueError(f'val_evaluator.means.{group} has the name of a task of val_cfg: take another')

    def check_dataset(self, model: nn.Module, dataset: Dataset) -> None:
        """Shows a sample to the metrics that need its class.

        Raises:
            ValueError: The samples have no classes, or they don't suit a metric.
        """
        looking = [metric for metric in self._prototypes if hasattr(metric, 'check_samples')]
        if not looking:
            return
        needing = [metric for metric in looking if metric.needs_labels]
        labels = getattr(dataset, 'labels', None)
        if needing and labels is None:
            raise ValueError(
                f'val_evaluator.metrics: {type(needing[0]).__name__} needs the classes of the samples, but '
                f'val_dataloader.dataset, a {type(dataset).__name__}, has no labels: an AlignedModalities has them '
                'with class_order, an OpponentColours with labelled images; a domain of one class takes `label`'
            )
        samples = model.data_preprocessor(dataset.__getitems__([0]))
        for metric in looking:
            metric.check_samples(samples, int(labels.max()) if metric.needs_labels else metric.label)

    def reset(self) -> None:
        """Forgets what was scored."""
        for metric in (*self._of_model, *(m for metrics in self._by_task.values() for m in metrics)):
            metric.reset()

    def process(self, task: Mapping[str, Any], prediction: Tensor, samples: Mapping[str, Tensor]) -> None:
        """Takes in a decoder's raw output for a batch of samples."""
        for metric in self._by_task[task['name']]:
            classes = (samples['labels'],) if getattr(metric, 'needs_labels', False) else ()
            metric.process(prediction, samples[task['target']], *classes)

    def observe(self, model: nn.Module, samples: Mapping[str, Tensor]) -> None:
        """Shows the model and a batch of samples to the metrics that describe the model."""
        for metric in self._of_model:
            metric.observe(model, samples)

    def evaluate(self) -> dict[str, float]:
        """Returns all scores by name, over the samples of all processes."""
        scores = {}
        for prefix, metrics in [('', self._of_model), *((f'{name}/', part) for name, part in self._by_task.items())]:
            for metric in metrics:
                if get_world_size() > 1:
                    all_reduce(metric.sums)
                scores.update({f'{prefix}{name}': value for name, value in metric.compute().items()})
        return scores | self._means_of(scores)

    def _means_of(self, scores: Mapping[str, float]) -> dict[str, float]:
        means = {}
        for group, tasks in self.means.items():
            first = f'{tasks[0]}/'
            for name in (key.removeprefix(first) for key in scores if key.startswith(first)):
                values = [scores.get(f'{task}/{name}') for task in tasks]
                if None not in values:
                    means[f'{group}/{name}'] = fmean(values)
        return means


def _tasks_of(metric: Any) -> list[str] | None:
    """Returns the tasks that a metric is restricted to."""
    return getattr(metric, 'tasks', None)
