"""Scoring a translator between domains: every test image to every target, seen by every metric."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size, is_main_process
from mmengine.runner import BaseLoop
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from mmgentransfer.datasets.domain_images import DomainImages
from mmgentransfer.evaluation.translations import ClassifierData, Translations
from mmgentransfer.models.step_random import derive_seed
from mmgentransfer.registry import LOOPS, suggest

__all__ = ['DomainTranslationLoop']

_OUTPUTS, _PAIRS, _TRAINING = range(3)  # what codes are for, so that each use has its own


@LOOPS.register_module()
class DomainTranslationLoop(BaseLoop):
    """Translates the images of a data set to each target and scores the results.

    For every target domain the images of the other domains are translated; for every attribute all images, with the
    attribute flipped, or those that lack it if the model only sets it. Each output has a code of its own, which follows
    from ``seed`` and the image's place alone, whatever the number of processes. The images are kept in memory. A batch
    of the loader's size is translated at a time, with all its codes. Each evaluation adds a line to ``metrics.jsonl``
    in the run's folder; a score's name begins with its target's, ``bangs/id_distance_cosine_faces``, and without that
    is the mean over the targets.

    Args:
        runner: The runner; its model is a :class:`DomainTranslator`.
        dataloader: Labelled images, or :class:`UnpairedDomains`; a dataloader or its config.
        evaluator: A :class:`DomainTranslationEvaluator` or its config.
        targets: The domains or attributes to translate to; None for all that the model can.
        num_samples: Outputs K of each input, of a model with codes.
        num_inputs: At most this many inputs of a target, chosen at random by ``seed``; None for all.
        seed: Of codes and choices.
        which: 'ema' scores moving averages where the model has them, 'live' the trained weights.
        options: What is handed on to the model's ``translate_values`` beside.

    Raises:
        ValueError: The model is no such method, its networks don't take the images, a target is unknown or has no
            images, or a metric can't be computed.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        targets: Sequence[str] | None = None,
        num_samples: int = 10,
        num_inputs: int | None = None,
        seed: int = 0,
        which: str = 'ema',
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(runner, dataloader)
        model = runner.model
        from mmgentransfer.models.domain_translator import DomainTranslator  # models import the engine

        if not isinstance(model, DomainTranslator):
            raise ValueError(
                f'val_cfg.type=DomainTranslationLoop scores a DomainTranslator; a {type(model).__name__} is none'
            )
        for key, value in dict(num_samples=num_samples, num_inputs=num_inputs).items():
            if value is not None and value < 1:
                raise ValueError(f'val_cfg.{key}={value} must be at least 1')
        self.evaluator = runner.build_evaluator(evaluator) if isinstance(evaluator, dict) else evaluator
        self.targets = list(model.targets if targets is None else targets)
        for name in self.targets:
            if name not in model.targets:
                raise ValueError(
                    f'val_cfg.targets names {name!r}; the model translates to {list(model.targets)}.'
                    f'{suggest(name, list(model.targets))}'
                )
        self.num_samples = num_samples
        self.num_inputs = num_inputs
        self.seed = seed
        self.which = which
        self.options = dict(options or {})
        self._prepared = False
        self._networks: dict[str, nn.Module] = {}
        self.data = DomainImages(self.dataloader.dataset, model.domains, model.exclusive)
        model.check_dataset(self.dataloader.dataset, 'val_dataloader')
        for name in self.targets:
            place = model.domains.index(name)
            if not len(self._inputs(name)) or not self.data.own[:, place].any():
                raise ValueError(
                    f'val_dataloader.dataset has {len(self._inputs(name))} images to translate to {name!r}, and '
                    f'{int(self.data.own[:, place].sum())} real ones of it: it needs both, or leave the target out of '
                    'val_cfg.targets'
                )
        for notice in self.evaluator.notices():
            runner.logger.warning(notice)
        item = self.data.__getitems__([0])
        self.evaluator.check(
            model=model,
            targets=self.targets,
            num_samples=num_samples,
            attributes=self.data.attributes,
            has_masks='masks' in item,
            image_size=tuple(item['images'].shape[2:]),
        )

    # ------------------------------------------------------------------ the images

    @cached_property
    def _items(self) -> dict[str, Tensor]:
        return self.data.fetch(np.arange(len(self.data)), self.dataloader.num_workers)

    def _inputs(self, target: str) -> np.ndarray:
        """Returns the places of the images that are translated to ``target``."""
        model = self.runner.model
        rows = np.flatnonzero(model.translatable(self.data.own, target))
        if self.num_inputs is not None and len(rows) > self.num_inputs:
            rng = np.random.default_rng([self.seed, model.domains.index(target)])
            rows = np.sort(rng.choice(rows, self.num_inputs, replace=False))
        return rows

    # ------------------------------------------------------------------ an evaluation

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Translates, scores, and returns the metrics; nothing is translated if every metric lacks its weights."""
        self.metrics: dict[str, float] = {}
        if not self.evaluator.usable_metrics:
            return {}
        runner, model = self.runner, self.runner.model
        was_training = model.training
        runner.call_hook('before_val')
        runner.call_hook('before_val_epoch')
        model.eval()
        if not self._prepared and is_main_process():
            self.evaluator.prepare([self._items['images']], self._training_batches, self._device, labels=self.data.own)
            self._prepared = True
        self.evaluator.reset()
        from mmgentransfer.models.methods.gan import sampling_mode  # models import the engine

        with sampling_mode(model.translating_networks(self.which)):
            if self.evaluator.wants('training_images'):
                self.evaluator.fit(self._classifier_data())
            errors = self._reconstruction_errors() if self.evaluator.wants('reconstruction') else None
            for target in self.targets:
                self._score(target, errors)
        self.metrics = all_gather_object(self.evaluator.evaluate() if is_main_process() else {})[0]
        self._append(self.metrics)
        model.train(was_training)
        runner.call_hook('after_val_epoch', metrics=self.metrics)
        runner.call_hook('after_val')
        return self.metrics

    def _score(self, target: str, errors: np.ndarray | None) -> None:
        """Translates to one target and scores the translations."""
        model, evaluator = self.runner.model, self.evaluator
        rows = self._inputs(target)
        images, own = self._items['images'][rows], self.data.own[rows]
        attention: list[np.ndarray] = []
        if evaluator.sees_translations:
            shown = evaluator.wants('attention') and model.has_attention
            parts = self._translated(lambda p: images[p], own, target, self.num_samples, _OUTPUTS, attention=shown)
            for outputs, maps in parts:
                evaluator.process(outputs)
                attention += [] if maps is None else [maps]
        collected = _gathered([evaluator.collect()])
        evaluator.reset()
        attention = _joined(_gathered(attention))
        pairs, asked = None, evaluator.pairs
        if asked is not None and model.code_dim is not None:
            chosen = np.unique(np.linspace(0, len(rows) - 1, min(asked[0], len(rows))).round().astype(np.int64))
            few = images[chosen]
            parts = self._translated(lambda p: few[p], own[chosen], target, asked[1], _PAIRS)
            pairs = _joined(_gathered([outputs.cpu().numpy() for outputs, _ in parts]))
        if not is_main_process():
            return
        place = model.domains.index(target)
        masks = self._items.get('masks')
        evaluator.score(
            Translations(
                target=target,
                domains=model.domains,
                inputs=images.numpy(),
                outputs=None,
                sources=own.numpy(),
                reals=self._items['images'][self.data.own[:, place] == 1].numpy(),
                exclusive=model.exclusive,
                deterministic=model.code_dim is None,
                attributes={name: values[rows] for name, values in self.data.attributes.items()},
                masks=None if masks is None else _mask_of(masks[rows], place).float().numpy(),
                pairs=pairs,
                attention=attention,
                reconstruction_errors=None if errors is None else errors[rows],
                device=self._device,
            ),
            rows,
            collected,
        )

    def _translated(
        self,
        images: Callable[[slice], Tensor],
        own: Tensor,
        target: str,
        num_samples: int,
        *purpose: int,
        attention: bool = False,
    ) -> Iterator[tuple[Tensor, np.ndarray | None]]:
        """Yields this process's share of the translations, uint8 (n, K, C, H, W).

        With ``attention`` beside where the model attended to, (n, 1, H, W), from the same pass; else None.
        """
        model, codes, num = self.runner.model, None, len(own)
        if model.code_dim is not None:
            seed = derive_seed(self.seed, model.domains.index(target), *purpose)
            codes = model.draw_codes(num * num_samples, seed).unflatten(0, (num, num_samples))
        options = dict(self.options, return_attention=True) if attention else self.options
        for part in self._shares(num):
            sources = own[part].to(self._device)
            given = None if codes is None else codes[part]
            told = dict(options, sources=sources) if model.needs_sources else options
            values = self._values(images(part))
            made = model.translate_values(values, model.edited(sources, target), given, self.which, **told)
            outputs, maps = made if attention else (made, None)
            if maps is not None:
                maps = model.attention_pixels(maps, values.shape[2:])[:, None].cpu().numpy()
            yield model.data_preprocessor.to_uint8(outputs.flatten(0, 1)).unflatten(0, outputs.shape[:2]), maps

    def _shares(self, num: int) -> Iterator[slice]:
        """Yields this process's contiguous share of ``num`` images, a batch at a time."""
        rank, world_size, size = get_rank(), get_world_size(), self.dataloader.batch_size
        stop = num * (rank + 1) // world_size
        for start in range(num * rank // world_size, stop, size):
            yield slice(start, min(start + size, stop))

    def _values(self, images: Tensor) -> Tensor:
        return self.runner.model.data_preprocessor(dict(images=images))['images'].to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.runner.model.parameters()).device

    def _reconstruction_errors(self) -> np.ndarray:
        """Returns the mean absolute error of each image's reconstruction, (N,), in [-1, 1]."""
        model = self.runner.model
        low, high = model.data_preprocessor.value_range
        errors = []
        for part in self._shares(len(self.data)):
            values = self._values(self._items['images'][part])
            rebuilt = model.reconstruct_values(values, self.data.own[part].to(self._device), self.which)
            errors.append((rebuilt - values).abs().flatten(1).mean(1).mul(2 / (high - low)).cpu().numpy())
        return _joined(_gathered(errors))

    # ------------------------------------------------------------------ training images

    @cached_property
    def _training(self) -> DomainImages:
        model = self.runner.model
        return DomainImages(self._train_loader.dataset, model.domains, model.exclusive, 'train_dataloader')

    @property
    def _train_loader(self) -> Any:
        return self.runner.train_dataloader

    def _training_batches(self) -> Iterator[Tensor]:
        rows = np.arange(len(self._training))
        batches = self._training.batches(rows, num_workers=self._train_loader.num_workers)
        return (self._cut(batch['images']) for batch in batches)

    def _cut(self, images: Tensor) -> Tensor:
        """Returns the centre of training images, of the size of those that are scored: squares are cut in training."""
        sides = zip(images.shape[-2:], self._items['images'].shape[-2:], strict=True)
        return center_crop(images, [min(pair) for pair in sides])

    def _classifier_data(self) -> ClassifierData:
        model, training = self.runner.model, self._training
        workers = self._train_loader.num_workers

        def images(rows: np.ndarray) -> np.ndarray:
            return self._cut(training.fetch(rows, workers)['images']).numpy()

        def translate(rows: np.ndarray, target: str, seed: int) -> np.ndarray | None:
            own = training.own[rows]
            parts = self._translated(
                lambda part: self._cut(training.__getitems__(rows[part].tolist())['images']),
                own,
                target,
                1,
                _TRAINING,
                seed,
            )
            return _joined(_gathered([outputs[:, 0].cpu().numpy() for outputs, _ in parts]))

        return ClassifierData(
            domains=model.domains,
            targets=self.targets,
            exclusive=model.exclusive,
            own=training.own.numpy(),
            images=images,
            edited=lambda rows, target: model.edited(training.own[rows], target).numpy(),
            translate=translate,
            test_images=self._items['images'].numpy(),
            test_own=self.data.own.numpy(),
            device=self._device,
            networks=self._networks,
        )

    def _append(self, metrics: dict[str, float]) -> None:
        if not is_main_process():
            return
        hub = self.runner.message_hub
        line = dict(
            iter=self.runner.iter,
            num_samples=len(self.data),
            train_seconds=hub.get_info('train_seconds', 0.0),
            **metrics,
        )
        with open(Path(self.runner.work_dir) / 'metrics.jsonl', 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


def _gathered(parts: list[Any]) -> list[Any]:
    """Returns what all processes have, in the order of their shares."""
    return [part for each in all_gather_object(parts) for part in each] if get_world_size() > 1 else parts


def _mask_of(masks: Tensor, place: int) -> Tensor:
    """Returns the region that matters for a target, (N, 1, H, W): its own, of a data set that has one for each."""
    return masks[:, place : place + 1] if masks.shape[1] > 1 else masks


def _joined(parts: list[np.ndarray]) -> np.ndarray | None:
    return np.concatenate(parts) if parts else None
