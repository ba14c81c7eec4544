"""What a translation keeps of its input, and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mmgentransfer.registry import METRICS, suggest

from ..functional import confidence_drop, identity_distance, misclassification_rate
from ..functional.identity import DISTANCES
from ..translations import Translations


def _check_known(where: str, name: str | None, attributes: Mapping[str, np.ndarray]) -> None:
    if name is not None and name not in attributes:
        raise ValueError(
            f'{where}={name!r}: the images of val_dataloader.dataset have the attributes '
            f'{list(attributes)}.{suggest(name, list(attributes))}'
        )


def _groups(translations: Translations, by: str | None) -> Iterator[tuple[Any, np.ndarray]]:
    """Yields each value of an attribute of the inputs, and which of them have it; nothing for None."""
    if by is not None:
        values = np.asarray(translations.attributes[by])
        yield from ((value, values == value) for value in np.unique(values))


@METRICS.register_module()
class IDDistance:
    """Mean distance between an input's features and those of its translations; lower keeps more of the identity.

    The result is ``id_distance_<distance>_<extractor>``. Distances through different extractors do not compare:
    published ones are through VGG-Face (:class:`VGGFaceFeatures`).

    Args:
        extractor: Name of the extractor.
        distance: 'cosine', 1 - cos, or 'l2', of features of unit length.
        by: Name of something else known of the images; ``..._<value>`` is the distance of the inputs of each value.
    """

    needs_train = False

    def __init__(self, extractor: str, distance: str = 'cosine', by: str | None = None) -> None:
        if distance not in DISTANCES:
            raise ValueError(f'IDDistance.distance={distance!r} is none of {DISTANCES}.{suggest(distance, DISTANCES)}')
        self.extractor, self.distance, self.by, self.variant = extractor, distance, by, distance

    def check(self, attributes: Mapping[str, np.ndarray], **_: Any) -> None:
        """Raises a ``ValueError`` if the data set lacks the attribute of ``by``."""
        _check_known('IDDistance.by', self.by, attributes)

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the mean over inputs and their translations, of all inputs and by the values of ``by``."""
        inputs, outputs, _ = translations.through(self.extractor)
        before, after = inputs.features, outputs.features.reshape(len(inputs), -1, inputs.features.shape[1])
        name = f'id_distance_{self.distance}_{self.extractor}'
        scores = {name: identity_distance(before, after, self.distance)}
        for value, rows in _groups(translations, self.by):
            scores[f'{name}_{value}'] = identity_distance(before[rows], after[rows], self.distance)
        return scores


class _LabelMetric:
    """A metric of a classifier's decisions on something that is known of the inputs."""

    needs_train = False
    names: tuple[str, ...]

    def __init__(
        self, extractor: str, attribute: str | None, classes: Sequence[Any] | None = None, by: str | None = None
    ) -> None:
        self.extractor, self.attribute, self.by = extractor, attribute, by
        self.classes = None if classes is None else list(classes)
        self.variant = attribute

    def check(self, attributes: Mapping[str, np.ndarray], **_: Any) -> None:
        """Raises a ``ValueError`` if the data set lacks an attribute, or it has a value that is no class."""
        for key, name in dict(attribute=self.attribute, by=self.by).items():
            _check_known(f'{type(self).__name__}.{key}', name, attributes)
        if self.attribute is not None:
            self._numbered(np.asarray(attributes[self.attribute]), f'the attribute {self.attribute!r}')

    def _numbered(self, values: np.ndarray, what: str) -> np.ndarray:
        """Returns values as the classifier's classes."""
        where = f'{type(self).__name__}.classes'
        if self.classes is None:
            if values.dtype.kind not in 'iub':
                raise ValueError(
                    f'{where}: {what} has the values {np.unique(values).tolist()[:10]}; list '
                    "them in the order of the classifier's classes"
                )
            return values.astype(np.int64)
        known = np.array(self.classes)
        if unknown := sorted(set(np.unique(values).tolist()) - set(self.classes)):
            raise ValueError(f'{where}={self.classes} lacks {unknown}, values of {what}')
        return (values[:, None] == known).argmax(1)

    def _labels(self, translations: Translations) -> np.ndarray:
        return self._numbered(np.asarray(translations.attributes[self.attribute]), f'the attribute {self.attribute!r}')

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the scores, of all inputs and by the values of ``by``."""
        before, after = translations.logits(self.extractor, type(self).__name__)
        labels = self._labels(translations)
        if labels.max() >= before.shape[1]:
            raise ValueError(
                f'{type(self).__name__}: class {labels.max()} is none of the {before.shape[1]} classes of '
                f'{self.extractor!r}'
            )
        scores = self._scores(before, after, labels)
        for value, rows in _groups(translations, self.by):
            found = self._scores(before[rows], after[rows], labels[rows])
            scores.update({f'{name}_{value}': score for name, score in found.items()})
        return scores

    def _scores(self, before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        raise NotImplementedError


@METRICS.register_module()
class MisclassificationRate(_LabelMetric):
    """Share of translations whose kept attribute a classifier takes for another value than the input's; in [0, 1].

    The results are ``misclassification_<extractor>``, lower is better, and ``misclassification_inputs_<extractor>``,
    the classifier's own error on the inputs. A translator that changes nothing is perfect: read it next to
    :class:`WantedChangeRate`. The classifier must not be the one that a model was trained with.

    Args:
        extractor: Name of an extractor that gives class scores.
        attribute: Name of the attribute of the data set whose value the classifier tells.
        classes: The attribute's values in the order of the classifier's classes; without it they are the numbers of
            the classes.
        by: Name of another attribute: the scores of each of its values are given as well.
    """

    def __init__(
        self, extractor: str, attribute: str, classes: Sequence[Any] | None = None, by: str | None = None
    ) -> None:
        super().__init__(extractor, attribute, classes, by)

    def _scores(self, before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        return {
            f'misclassification_{self.extractor}': misclassification_rate(after, labels),
            f'misclassification_inputs_{self.extractor}': misclassification_rate(before, labels),
        }


@METRICS.register_module()
class ConfidenceDrop(_LabelMetric):
    """Mean loss of a classifier's probability for the value of the kept attribute; in [-1, 1], lower is better.

    The result is ``confidence_drop_<extractor>``.

    Args:
        extractor: Name of an extractor that gives class scores.
        attribute: Name of the attribute of the data set whose value the classifier tells.
        classes: The attribute's values in the order of the classifier's classes; without it they are the numbers of
            the classes.
        by: Name of another attribute: the scores of each of its values are given as well.
    """

    def __init__(
        self, extractor: str, attribute: str, classes: Sequence[Any] | None = None, by: str | None = None
    ) -> None:
        super().__init__(extractor, attribute, classes, by)

    def _scores(self, before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        return {f'confidence_drop_{self.extractor}': confidence_drop(before, after, labels)}


@METRICS.register_module()
class WantedChangeRate(_LabelMetric):
    """Share of translations that a classifier no longer takes for the input's domain; in [0, 1], higher is better.

    The result is ``wanted_change_<extractor>``. Without it a translator that returns its input would be perfect.

    Args:
        extractor: Name of an extractor that gives class scores.
        attribute: Name of the attribute that should change; None: the domain itself, of domains that exclude each
            other.
        classes: The attribute's values, or the domains' names, in the order of the classifier's classes; without it
            they are the numbers of the classes, or the model's domains in order.
        by: Name of another attribute: the scores of each of its values are given as well.
    """

    def __init__(
        self,
        extractor: str,
        attribute: str | None = None,
        classes: Sequence[Any] | None = None,
        by: str | None = None,
    ) -> None:
        super().__init__(extractor, attribute, classes, by)

    def check(self, attributes: Mapping[str, np.ndarray], model: Any = None, **facts: Any) -> None:
        """Raises a ``ValueError`` if the data set or the model don't have what should change."""
        super().check(attributes, **facts)
        if self.attribute is not None:
            return
        if not model.exclusive:
            raise ValueError(
                'WantedChangeRate.attribute=None means the domain of an image; a model of attributes needs the name '
                'of one'
            )
        if self.classes is not None:
            self._numbered(np.asarray(model.domains), 'model.domains')

    def _labels(self, translations: Translations) -> np.ndarray:
        if self.attribute is not None:
            return super()._labels(translations)
        places = translations.sources.argmax(1)
        return places if self.classes is None else self._numbered(np.asarray(translations.domains), '')[places]

    def _scores(self, before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        return {f'wanted_change_{self.extractor}': misclassification_rate(after, labels)}


@METRICS.register_module()
class ReconstructionL1:
    """Mean absolute difference between inputs and their reconstructions in [-1, 1]; a check, not a goal.

    The result is ``reconstruction_l1``, of a model with ``reconstruct_values(values, domains, which)``.
    """

    extractor = None
    needs_train = False
    needs_images = False
    needs_reconstruction = True

    def check(self, model: Any, **_: Any) -> None:
        """Raises a ``ValueError`` if the model can't reconstruct."""
        reconstruct: Callable | None = getattr(model, 'reconstruct_values', None)
        if reconstruct is None:
            raise ValueError(
                f'val_evaluator.metrics: ReconstructionL1 needs a model with reconstruct_values; a '
                f'{type(model).__name__} has none: leave the metric out'
            )

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the mean over the inputs."""
        return {'reconstruction_l1': float(translations.reconstruction_errors.mean())}
