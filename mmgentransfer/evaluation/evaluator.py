"""Scores generated images: each image passes each extractor once, whatever the number of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.registry import EVALUATORS, EXTRACTORS, METRICS, suggest

from .feature_cache import ContentHash, FeatureCache, default_cache_dir
from .image_set import ImageSet
from .metrics import Metric

_OUTPUTS = ('features', 'logits')
_BATCH = 128  # of images that are in memory already


@EVALUATORS.register_module()
class GenerationEvaluator:
    """Computes metrics of generated images against real ones.

    A metric whose extractor has no weights is left out, and ``notices`` says so. Which extractors are usable is found
    out once, when it is first asked.

    Use: ``prepare`` once with the real images, then for each evaluation ``reset``, ``process`` for every
    generated batch, and ``evaluate``. With several processes each one processes its share, ``collect`` gives its
    arrays, and one process passes all of them to ``evaluate``.

    Args:
        extractors: Configs of the feature extractors by name. The name becomes part of the results' names.
        metrics: Configs of the metrics.
        cache_dir: Folder in which features of real images are kept; by default the environment variable
            ``MMGENTRANSFER_CACHE``, else ``~/.cache/mmgentransfer``.

    Raises:
        ValueError: A metric names an extractor that is not declared, or two metrics would give the same results.
    """

    def __init__(self, extractors: dict[str, dict], metrics: list[dict], cache_dir: str | None = None) -> None:
        self.metrics: list[Metric] = [METRICS.build(config) for config in metrics]
        self._check_metrics(list(extractors))
        self.extractors = {name: EXTRACTORS.build(config) for name, config in extractors.items()}
        self._cache = FeatureCache(Path(cache_dir).expanduser() if cache_dir else default_cache_dir())
        self._real: dict[str | None, ImageSet] | None = None
        self._train: dict[str | None, ImageSet] = {}
        self.reset()

    def _check_metrics(self, declared: list[str]) -> None:
        first: dict[tuple[type, str | None, object], int] = {}
        for i, metric in enumerate(self.metrics):
            name = metric.extractor
            if name is not None and name not in declared:
                raise ValueError(
                    f'val_evaluator.metrics[{i}].extractor is {name!r}, which val_evaluator.extractors does not '
                    f'declare; declared: {", ".join(map(repr, declared)) or "none"}.{suggest(name, declared)}'
                )
            j = first.setdefault((type(metric), name, getattr(metric, 'variant', None)), i)
            if j != i:
                raise ValueError(
                    f'val_evaluator.metrics[{j}] and [{i}] are both {type(metric).__name__} with extractor {name!r}: '
                    'their results would have the same names; declare the extractor twice under two names, or drop one'
                )

    @cached_property
    def _unusable(self) -> dict[str, str]:
        """Why an extractor that a metric needs can't be used, by the extractor's name."""
        needed = dict.fromkeys(metric.extractor for metric in self.metrics if metric.extractor is not None)
        reasons = {name: self.extractors[name].missing() for name in needed}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    @cached_property
    def usable_metrics(self) -> list[Metric]:
        """The metrics whose extractor has its weights."""
        return [metric for metric in self.metrics if metric.extractor not in self._unusable]

    @cached_property
    def _views(self) -> list[str | None]:
        """What the usable metrics look through: names of extractors, and None for the raw images."""
        return list(dict.fromkeys(metric.extractor for metric in self.usable_metrics))

    def notices(self) -> list[str]:
        """Returns a line for each extractor without weights: what to put where, and the metrics left out for it."""
        lines = []
        for name, reason in self._unusable.items():
            left_out = ', '.join(type(metric).__name__ for metric in self.metrics if metric.extractor == name)
            lines.append(f'extractor {name!r} is not available, left out: {left_out}. {reason}')
        return lines

    def prepare(
        self,
        real: Iterable[Tensor],
        train: Callable[[], Iterable[Tensor]] | None,
        device: torch.device | str,
        labels: Tensor | None = None,
    ) -> None:
        """Takes in the reference images; their features come from the cache where they can.

        Args:
            real: Batches of the real images, uint8 tensors (N, C, H, W). A loader is passed through twice (to hash
                the images, then, if the cache lacks them, for their features), so that the set need not fit into
                memory; an iterator once.
            train: Gives the batches of the training images; only called if a metric needs them.
            device: Where the extractors run.
            labels: Classes (N,) of the real images, if they have any.

        Raises:
            ValueError: A set is empty, its images differ in shape, or a metric needs training images and there
                are none.
        """
        self._real = self._image_sets(real, self._views, device, 'real')
        if labels is not None:
            for image_set in self._real.values():
                image_set.labels = labels.cpu().numpy()
        needing = [metric for metric in self.usable_metrics if metric.needs_train]
        if not needing:
            return
        if train is None:
            names = ', '.join(type(metric).__name__ for metric in needing)
            raise ValueError(f'val_evaluator.metrics: {names} compares with the training images, and none were given')
        views = list(dict.fromkeys(metric.extractor for metric in needing))
        self._train = self._image_sets(train(), views, device, 'training')

    def reset(self) -> None:
        """Forgets the generated images."""
        self._fake: dict[str, list[np.ndarray]] = {}

    def process(self, images: Tensor, labels: Tensor | None = None) -> None:
        """Takes in a batch of generated images; the extractors run on their device.

        Args:
            images: uint8 tensor (N, C, H, W).
            labels: The classes (N,) that they were generated for, of a model with classes.

        Raises:
            ValueError: ``images`` has another type or another number of axes.
        """
        _check_images(images)
        if labels is not None:
            self._fake.setdefault('labels', []).append(labels.cpu().numpy())
        for view in self._views:
            if view is None:
                self._fake.setdefault('images', []).append(images.cpu().numpy())
                continue
            for output, array in self._extract(view, images).items():
                self._fake.setdefault(f'{view}/{output}', []).append(array)

    def observe(self, model: nn.Module) -> None:
        """Shows the model to the metrics that describe it, such as :class:`SelectorDistribution`."""
        for metric in self.usable_metrics:
            if hasattr(metric, 'observe'):
                metric.observe(model)

    def collect(self) -> dict[str, np.ndarray]:
        """Returns what this process has of the generated images: arrays to send to the one that evaluates."""
        return {key: np.concatenate(arrays) for key, arrays in self._fake.items()}

    def evaluate(self, collected: Sequence[dict[str, np.ndarray]] | None = None) -> dict[str, float]:
        """Computes all metrics that can be, and forgets the generated images.

        Args:
            collected: What ``collect`` gave in each process, in the images' order; None for this process alone.

        Returns:
            The results by name.

        Raises:
            RuntimeError: ``prepare`` was not called.
            ValueError: No images were processed, or a metric can't be computed from these images.
        """
        parts = [part for part in ([self.collect()] if collected is None else collected) if part]
        self.reset()
        if not self.usable_metrics:
            return {}
        if self._real is None:
            raise RuntimeError('GenerationEvaluator.prepare must take in the real images before evaluate')
        if not parts:
            raise ValueError('no generated images to evaluate: GenerationEvaluator.process was not called')
        arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        fake = {
            view: ImageSet(images=arrays['images'])
            if view is None
            else ImageSet(**{output: arrays[f'{view}/{output}'] for output in _OUTPUTS if f'{view}/{output}' in arrays})
            for view in self._views
        }
        for image_set in fake.values():
            image_set.labels = arrays.get('labels')
        results: dict[str, float] = {}
        for metric in self.usable_metrics:
            view = metric.extractor
            train = self._train[view] if metric.needs_train else None
            scores = metric.compute(self._real[view], fake[view], train)
            results.update((name, float(score)) for name, score in scores.items())
        return results

    @torch.no_grad()
    def _extract(self, name: str, images: Tensor) -> dict[str, np.ndarray]:
        with torch.autocast(images.device.type, enabled=False):
            outputs = self.extractors[name](images)
        return {key: outputs[key].float().cpu().numpy() for key in _OUTPUTS if key in outputs}

    def _image_sets(
        self, batches: Iterable[Tensor], views: list[str | None], device: torch.device | str, side: str
    ) -> dict[str | None, ImageSet]:
        """Reads a set of images and returns it as each of the ``views`` shows it."""
        if not views:
            return {}
        keep = None in views or isinstance(batches, Iterator)  # an iterator can't be passed through again
        content, parts = ContentHash(), []
        for images in _arrays(batches):
            content.update(images)
            if keep:
                parts.append(images)
        if content.count == 0:
            raise ValueError(f'the evaluation needs {side} images, and its data set gave none')
        kept = np.concatenate(parts) if keep else None

        sets = {None: ImageSet(images=kept)} if None in views else {}
        absent = []
        for name in views:
            if name is None:
                continue
            arrays = self._cache.load(content.key(self.extractors[name].fingerprint()), content.count)
            if arrays is None:
                absent.append(name)
            else:
                sets[name] = ImageSet(**arrays)
        if absent:
            source = _arrays(batches) if kept is None else _split(kept)
            sets.update(self._extracted_sets(source, absent, device))
        return sets

    def _extracted_sets(
        self, batches: Iterable[np.ndarray], names: list[str], device: torch.device | str
    ) -> dict[str, ImageSet]:
        """Passes the images through the extractors ``names``, each once, and caches what they give."""
        # Hashed again: a loader that shuffles or crops at random gives other images than in the pass before.
        content = ContentHash()
        outputs: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in names}
        for images in batches:
            content.update(images)
            batch = torch.from_numpy(images).to(device)
            for name in names:
                for key, array in self._extract(name, batch).items():
                    outputs[name].setdefault(key, []).append(array)
        sets = {}
        for name in names:
            arrays = {key: np.concatenate(parts) for key, parts in outputs[name].items()}
            self._cache.save(content.key(self.extractors[name].fingerprint()), arrays)
            sets[name] = ImageSet(**arrays)
        return sets


def _check_images(images: Tensor) -> None:
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise ValueError(
            f'images to evaluate must be uint8 tensors (N, C, H, W); got {images.dtype} {tuple(images.shape)}'
        )


def _arrays(batches: Iterable[Tensor]) -> Iterator[np.ndarray]:
    for images in batches:
        _check_images(images)
        yield images.cpu().numpy()


def _split(images: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(images), _BATCH):
        yield images[start : start + _BATCH]
