"""Scores of translations, task by task."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn

from mmgentransfer.registry import EVALUATORS, METRICS

__all__ = ['TranslationEvaluator']


@EVALUATORS.register_module()
class TranslationEvaluator:
    """Gives every task the metrics of its target modality.

    A metric holds its sums on the device, so that nothing waits for a batch; see
    :mod:`mmgentransfer.evaluation.metrics.translation`. One without a ``modality`` describes the model itself.

    Args:
        metrics: Config of each metric.
    """

    def __init__(self, metrics: Sequence[dict[str, Any]]) -> None:
        built = [METRICS.build(dict(metric)) for metric in metrics]
        self._prototypes = [metric for metric in built if getattr(metric, 'modality', None) is not None]
        self._of_model = [metric for metric in built if getattr(metric, 'modality', None) is None]
        self._by_task: dict[str, list[Any]] = {}

    def check(self, model: nn.Module, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Prepares each task's metrics.

        Raises:
            ValueError: A task names an unknown modality, or no metric scores its target.
        """
        for metric in (*self._prototypes, *self._of_model):
            metric.bind(model)
        known = list(model.modalities)
        for task in tasks:
            for name in (*task['source'], task['target'], *task.get('via', ())):
                if name not in known:
                    raise ValueError(f'val_cfg.tasks: {task["name"]} names {name!r}; the modalities are {known}')
            scoring = [metric for metric in self._prototypes if metric.modality == task['target']]
            if not scoring:
                raise ValueError(
                    f'val_evaluator.metrics has none for {task["target"]!r}, the target of the task {task["name"]!r}'
                )
            self._by_task[task['name']] = [copy.copy(metric) for metric in scoring]

    def reset(self) -> None:
        """Forgets what was scored."""
        for metric in (*self._of_model, *(m for metrics in self._by_task.values() for m in metrics)):
            metric.reset()

    def process(self, task: Mapping[str, Any], prediction: Tensor, samples: Mapping[str, Tensor]) -> None:
        """Takes in a decoder's raw output for a batch of samples."""
        for metric in self._by_task[task['name']]:
            metric.process(prediction, samples[task['target']])

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
        return scores
