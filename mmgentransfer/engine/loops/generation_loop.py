"""Scoring a generator: images are drawn once and seen by every metric."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size, is_main_process
from mmengine.runner import BaseLoop
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mmgentransfer.registry import FUNCTIONS, LOOPS

__all__ = ['DatasetImages', 'GenerationLoop']


@LOOPS.register_module()
class GenerationLoop(BaseLoop):
    """Draws images from the model and scores them against the dataloader's real ones.

    The images follow from ``seed`` alone, whatever the number of processes; with classes, every class comes equally
    often, and batches mix them. Each evaluation adds a line to ``scores_file`` in the run's folder.

    Args:
        runner: The runner.
        dataloader: The real reference images, a dataloader or its config.
        evaluator: A :class:`GenerationEvaluator` or its config.
        num_images: Number of generated images.
        batch_size: Images generated at a time; with ``batch_statistics`` it is part of the protocol.
        seed: Of the latents.
        batch_statistics: Whether batch norms use the generated batch's statistics instead of the running ones.
        which: 'ema' scores moving averages where the model has them, 'live' the trained weights.
    """

    scores_file = 'metrics.jsonl'

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        num_images: int,
        batch_size: int = 100,
        seed: int = 0,
        batch_statistics: bool = False,
        which: str = 'ema',
    ) -> None:
        super().__init__(runner, dataloader)
        if num_images < 2:
            raise ValueError(f'val_cfg.num_images must be at least 2, got {num_images}')
        self.evaluator = runner.build_evaluator(evaluator) if isinstance(evaluator, dict) else evaluator
        self.num_images = num_images
        self.batch_size = batch_size
        self.seed = seed
        self.batch_statistics = batch_statistics
        self.which = which
        self._prepared = False
        for notice in self.evaluator.notices():
            runner.logger.warning(notice)

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Generates, scores, and returns the metrics; nothing is generated if every metric lacks its weights."""
        self.metrics: dict[str, float] = {}
        if not self.evaluator.usable_metrics:
            return {}
        runner = self.runner
        model = runner.model
        was_training = model.training
        runner.call_hook('before_val')
        runner.call_hook('before_val_epoch')
        model.eval()
        if not self._prepared and is_main_process():
            device = next(model.parameters()).device
            self.evaluator.prepare(
                DatasetImages(self.dataloader.dataset),
                lambda: DatasetImages(runner.train_dataloader.dataset),
                device,
                getattr(self.dataloader.dataset, 'labels', None),
            )
            self._prepared = True
        self.evaluator.reset()
        self.evaluator.observe(model)
        for index in self._own_batches():
            num = min(self.batch_size, self.num_images - index * self.batch_size)
            latents = model.draw_latents(num, (self.seed, index))
            labels = model.balanced_labels(num, index * self.batch_size) if model.num_classes else None
            images = model.generate(latents, self.which, self.batch_statistics, self.batch_size, labels)
            self.evaluator.process(model.data_preprocessor.to_uint8(images), labels)
        metrics = self._gather_and_score()
        self.metrics = metrics
        self._append(metrics)
        model.train(was_training)
        runner.call_hook('after_val_epoch', metrics=metrics)
        runner.call_hook('after_val')
        return metrics

    def _own_batches(self) -> range:
        """This process's contiguous share of the batches, so that shares put together in order are the whole."""
        total = -(-self.num_images // self.batch_size)
        rank, world_size = get_rank(), get_world_size()
        return range(total * rank // world_size, total * (rank + 1) // world_size)

    def _gather_and_score(self) -> dict[str, float]:
        if get_world_size() == 1:
            return self.evaluator.evaluate()
        parts = all_gather_object(self.evaluator.collect())
        scored = self.evaluator.evaluate(parts) if is_main_process() else {}
        return all_gather_object(scored)[0]

    def _append(self, metrics: dict[str, float]) -> None:
        if not is_main_process():
            return
        hub = self.runner.message_hub
        line = dict(
            iter=self.runner.iter,
            num_generated=self.num_images,
            num_real=len(self.dataloader.dataset),
            train_seconds=hub.get_info('train_seconds', 0.0),
            **metrics,
        )
        with open(Path(self.runner.work_dir) / self.scores_file, 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


class DatasetImages:
    """The images of a data set in order, as uint8 batches, as often as they are asked for."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[Tensor]:
        for batch in DataLoader(self.dataset, batch_size=200, collate_fn=FUNCTIONS.get('stack_batch')):
            yield batch['images']
