"""Scores of translations between domains, target by target."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from mmgentransfer.registry import EVALUATORS

from .evaluator import _OUTPUTS, GenerationEvaluator
from .image_set import ImageSet
from .metrics import Metric
from .translations import ClassifierData, Translations

__all__ = ['DomainTranslationEvaluator']


@EVALUATORS.register_module()
class DomainTranslationEvaluator(GenerationEvaluator):
    """Computes metrics of translations; a real image and a translation pass each extractor once.

    A metric has ``score(translations)``, see :class:`~mmgentransfer.evaluation.translations.Translations`, or
    ``compute(real, fake, train)`` as for a :class:`GenerationEvaluator`: FID, KID and the like then compare the real
    images of the target with all translations to it. Beside, a metric may have

    - ``pairs``, the numbers (inputs, outputs) of further translations that it needs of each target;
    - ``missing(extractors)``, if it looks through networks of its own, which says what they lack, and after that
      ``notice``, a line for the user or None, if something else takes their place;
    - ``check(model, num_samples, ...)``, called before anything is translated, see :meth:`check`;
    - ``fit(data)``, if it trains a classifier: it is called once an evaluation, before the targets, and may return
      scores by target; ``needs_training_images = True`` marks such a metric;
    - ``needs_reconstruction = True`` or ``needs_attention = True``;
    - ``needs_images = False``, if its ``extractor`` is None and it doesn't look at the translations themselves.

    A score is named ``<target>/<name>``, its mean over the targets ``<name>``.

    Args:
        extractors: Configs of the feature extractors by name. The name becomes part of the results' names.
        metrics: Configs of the metrics.
        cache_dir: Folder in which features of real images are kept, as for :class:`GenerationEvaluator`.

    Raises:
        ValueError: A metric names an extractor that is not declared, or two metrics would give the same results.
    """

    def __init__(
        self, metrics: list[dict], extractors: dict[str, dict] | None = None, cache_dir: str | None = None
    ) -> None:
        super().__init__(extractors or {}, metrics, cache_dir)
        self._reals: dict[tuple[str | None, str], ImageSet] = {}
        self._scores: dict[str, dict[str, float]] = {}
        self._counts: dict[str, dict[str, float]] = {}

    @cached_property
    def _missing(self) -> dict[Metric, str]:
        """Why a metric with networks of its own can't be used."""
        reasons = {m: m.missing(self.extractors) for m in self.metrics if hasattr(m, 'missing')}
        return {metric: reason for metric, reason in reasons.items() if reason is not None}

    @cached_property
    def usable_metrics(self) -> list[Metric]:
        """The metrics whose extractor and own networks have their weights."""
        return [m for m in self.metrics if m.extractor not in self._unusable and m not in self._missing]

    @cached_property
    def _views(self) -> list[str | None]:
        """What the usable metrics see translations through: names of extractors, and None for the raw images."""
        seeing = [m for m in self.usable_metrics if m.extractor is not None or getattr(m, 'needs_images', True)]
        return list(dict.fromkeys(metric.extractor for metric in seeing))

    @property
    def sees_translations(self) -> bool:
        """Whether any metric looks at the translations of the data set's images."""
        return bool(self._views)

    def notices(self) -> list[str]:
        """Returns a line for each extractor, and each metric's network, without weights: what to put where."""
        own = [f'{type(metric).__name__} is left out. {reason}' for metric, reason in self._missing.items()]
        changed = [
            f'{type(metric).__name__}: {metric.notice}'
            for metric in self.usable_metrics
            if getattr(metric, 'notice', None)
        ]
        return [*super().notices(), *own, *changed]

    @property
    def pairs(self) -> tuple[int, int] | None:
        """Numbers (inputs, outputs) of further translations of each target; None if no metric asks for any."""
        asked = [metric.pairs for metric in self.usable_metrics if getattr(metric, 'pairs', None)]
        return (max(num for num, _ in asked), max(num for _, num in asked)) if asked else None

    def wants(self, what: str) -> bool:
        """Returns whether a usable metric has set the flag ``needs_<what>``."""
        return any(getattr(metric, f'needs_{what}', False) for metric in self.usable_metrics)

    def check(self, **facts: Any) -> None:
        """Lets metrics refuse what they can't score, before anything is translated.

        Args:
            **facts: ``model``; ``targets``, their names; ``num_samples``; ``attributes``, by name the values of the
                images; ``has_masks``; ``image_size``, their height and width.

        Raises:
            ValueError: The evaluation can't give what a metric needs.
        """
        for metric in self.usable_metrics:
            if hasattr(metric, 'check'):
                metric.check(**facts)

    def fit(self, data: ClassifierData) -> None:
        """Lets metrics train their classifiers."""
        for metric in self.usable_metrics:
            if hasattr(metric, 'fit'):
                for target, scores in (metric.fit(data) or {}).items():
                    self._add(target, scores, metric)

    def process(self, images: Tensor, labels: Tensor | None = None) -> None:
        """Takes in a batch of translations, uint8 (N, K, C, H, W)."""
        super().process(images.flatten(0, 1))

    def score(self, translations: Translations, rows: np.ndarray, collected: Sequence[dict[str, np.ndarray]]) -> None:
        """Computes the metrics of one target.

        Args:
            translations: All but ``outputs`` and ``views``, which are filled in.
            rows: Which of the images that :meth:`prepare` took in are the inputs.
            collected: What ``collect`` gave in each process, in the images' order.
        """
        parts = [part for part in collected if part]
        arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]} if parts else {}
        place = translations.place
        arrived = np.flatnonzero(translations.wanted)
        samples = next((len(array) for array in arrays.values()), 0) // max(1, len(rows))
        compared = (arrived[:, None] * samples + np.arange(samples)).ravel()
        if 'images' in arrays:
            translations.outputs = arrays['images'].reshape(len(rows), samples, *arrays['images'].shape[1:])
        reals = {view: self._reals_of(view, translations.target, place) for view in self._views}
        fakes = {
            view: ImageSet(images=arrays['images'])
            if view is None
            else ImageSet(**{output: arrays[f'{view}/{output}'] for output in _OUTPUTS if f'{view}/{output}' in arrays})
            for view in self._views
        }
        translations.views = {
            view: (self._real[view].at(rows), fakes[view], reals[view]) for view in self._views if view is not None
        }
        same = len(arrived) == len(rows)
        distributions = {view: fake if same else fake.at(compared) for view, fake in fakes.items()}
        for metric in self.usable_metrics:
            if hasattr(metric, 'score'):
                self._add(translations.target, metric.score(translations), metric)
            elif hasattr(metric, 'compute'):
                view = metric.extractor
                train = self._train[view] if metric.needs_train else None
                self._add(translations.target, metric.compute(reals[view], distributions[view], train), metric)
        if self.sees_translations:
            counts = dict(num_translations=len(compared), num_reals=len(translations.reals))
            self._counts[translations.target] = counts

    def _reals_of(self, view: str | None, target: str, place: int) -> ImageSet:
        if (view, target) not in self._reals:
            self._reals[view, target] = self._real[view].at(np.flatnonzero(self._own[:, place]))
        return self._reals[view, target]

    def prepare(self, real: Any, train: Any, device: Any, labels: Tensor | None = None) -> None:
        """Takes in all images of the data set and what they are.

        Args:
            real: As for :class:`GenerationEvaluator`.
            train: As for :class:`GenerationEvaluator`.
            device: As for :class:`GenerationEvaluator`.
            labels: The images' domains or attributes, float (N, C).
        """
        super().prepare(real, train, device)
        self._reals.clear()
        self._own = labels.cpu().numpy()

    def _add(self, target: str, scores: dict[str, float], metric: Metric) -> None:
        of_target = self._scores.setdefault(target, {})
        for name, score in scores.items():
            if name in of_target:
                raise ValueError(
                    f'val_evaluator.metrics: a {type(metric).__name__} and another metric both give {name!r}; drop '
                    'one, or declare its extractor twice under two names'
                )
            of_target[name] = float(score)

    def evaluate(self, collected: Any = None) -> dict[str, float]:
        """Returns the scores of all targets, and forgets them: means over the targets, then each target's own."""
        scores, self._scores = self._scores, {}
        counts, self._counts = self._counts, {}
        self.reset()
        names = dict.fromkeys(name for of_target in scores.values() for name in of_target)
        means = {name: float(np.mean([each[name] for each in scores.values() if name in each])) for name in names}
        own = {f'{t}/{name}': value for t, each in scores.items() for name, value in (each | counts.get(t, {})).items()}
        return {**means, **own}
