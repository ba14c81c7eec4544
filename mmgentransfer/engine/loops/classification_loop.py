"""Scoring a classifier on labelled images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.runner import BaseLoop

from mmgentransfer.registry import LOOPS

__all__ = ['ClassificationLoop']


@LOOPS.register_module()
class ClassificationLoop(BaseLoop):
    """Classifies labelled images with an :class:`ImageClassifier`; the score is ``accuracy``, in percent.

    Each evaluation adds a line to ``metrics.jsonl`` in the run's folder.

    Args:
        runner: The runner.
        dataloader: Labelled images, a dataloader or its config.
        evaluator: MMEngine hands the config's ``val_evaluator`` on; the accuracy needs none, ``dict(metrics=[])``.

    Raises:
        ValueError: The images have no labels (N,), or the model does not classify.
    """

    def __init__(self, runner: Any, dataloader: Any, evaluator: Any = None) -> None:
        super().__init__(runner, dataloader)
        if evaluator and evaluator.get('metrics'):
            raise ValueError('val_evaluator of a ClassificationLoop must have metrics=[]: its score is the accuracy')
        if not hasattr(runner.model, 'classify'):
            raise ValueError(
                f'val_cfg.type=ClassificationLoop scores an ImageClassifier; a {type(runner.model).__name__} does not '
                'classify'
            )
        labels = getattr(self.dataloader.dataset, 'labels', None)
        if labels is None or labels.ndim != 1:
            raise ValueError('val_dataloader.dataset has no labels (N,): accuracy needs the class of each image')

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Classifies, scores, and returns the accuracy."""
        runner, model = self.runner, self.runner.model
        was_training = model.training
        runner.call_hook('before_val')
        runner.call_hook('before_val_epoch')
        device = next(model.parameters()).device
        counts = torch.zeros(2, dtype=torch.float64, device=device)
        for batch in self.dataloader:
            labels = batch['labels'].to(device)
            counts[0] += (model.classify(batch['images']) == labels).sum()
            counts[1] += len(labels)
        all_reduce(counts)
        correct, total = counts.tolist()
        self.metrics = dict(accuracy=100 * correct / total)
        if is_main_process():
            seconds = runner.message_hub.get_info('train_seconds', 0.0)
            line = dict(iter=runner.iter, num_samples=int(total), train_seconds=seconds, **self.metrics)
            with open(Path(runner.work_dir) / 'metrics.jsonl', 'a', encoding='utf-8') as file:
                file.write(json.dumps(line) + '\n')
        model.train(was_training)
        runner.call_hook('after_val_epoch', metrics=self.metrics)
        runner.call_hook('after_val')
        return self.metrics
