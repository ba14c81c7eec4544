"""Scores of models with classes, class by class (thesis section 2.4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmgentransfer.registry import METRICS

from ..functional import fid_from_features, frechet_distance
from ..image_set import ImageSet


@METRICS.register_module()
class ClasswiseFID:
    """FID of each class, real images of the class against those generated for it (thesis Table 2.6).

    The results are ``classwise_fid_<extractor>_<label>``, their mean ``..._avg`` and the FID of all images pooled
    ``..._all``. Classes have fewer images than the whole: their FIDs, and the mean, are higher than the pooled one.

    Args:
        extractor: Name of the extractor.
    """

    needs_train = False

    def __init__(self, extractor: str) -> None:
        self.extractor = extractor

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns the FID of each class, ``avg`` and ``all``.

        Raises:
            ValueError: Images have no labels, or there are fewer than two real or generated images of a class.
        """
        name = f'classwise_fid_{self.extractor}'
        _check_labels(type(self).__name__, fake)
        if real.labels is None:
            raise ValueError(
                f'{name} compares class by class: the real images need labels, '
                'e.g. val_dataloader.dataset with labelled=True'
            )
        scores = {}
        for label in np.union1d(real.labels, fake.labels):
            parts = [side.features[side.labels == label] for side in (real, fake)]
            if min(map(len, parts)) < 2:
                raise ValueError(
                    f'{name} needs two images or more of each class; there are {len(parts[0])} real and '
                    f'{len(parts[1])} generated ones of class {label}'
                )
            scores[f'{name}_{label}'] = fid_from_features(*parts)
        average = sum(scores.values()) / len(scores)
        return {**scores, f'{name}_avg': average, f'{name}_all': frechet_distance(*real.statistics, *fake.statistics)}


@METRICS.register_module()
class GeneratedClassificationAccuracy:
    """Percentage of generated images that a classifier of real ones takes for what they were generated as (Table 2.7).

    The results are ``accuracy_<extractor>_<label>``, their mean ``accuracy_<extractor>``, and for labelled real images
    ``accuracy_<extractor>_real``, which bounds what the others mean. None sees a collapse: read them next to FID.

    Args:
        extractor: Name of an extractor that gives class scores.
        classes: The classifier's class of each label, if they are numbered differently: ``[5, 6, 7]`` for a model whose
            labels 0, 1, 2 are the digits 5, 6, 7. It then decides among these classes alone.
    """

    needs_train = False

    def __init__(self, extractor: str, classes: Sequence[int] | None = None) -> None:
        self.extractor = extractor
        self.classes = None if classes is None else list(classes)

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns the accuracy of each class, their mean, and that of the real images, in percent.

        Raises:
            ValueError: The extractor gives no class scores, images have no labels, or a label is none of its classes.
        """
        _check_labels(type(self).__name__, fake)
        name = f'accuracy_{self.extractor}'
        right = self._hits(fake)
        scores = {
            f'{name}_{label}': 100.0 * float(right[fake.labels == label].mean()) for label in np.unique(fake.labels)
        }
        scores[name] = sum(scores.values()) / len(scores)
        if real.labels is not None:
            scores[f'{name}_real'] = 100.0 * float(self._hits(real).mean())
        return scores

    def _hits(self, images: ImageSet) -> np.ndarray:
        """Returns for each image whether the classifier's decision is its label."""
        if images.logits is None:
            raise ValueError(
                'GeneratedClassificationAccuracy needs an extractor that gives logits, such as ClassifierFeatures; '
                f'{self.extractor!r} gives features only'
            )
        logits = images.logits
        if self.classes is not None:
            if not 0 <= min(self.classes) <= max(self.classes) < logits.shape[1]:
                raise ValueError(
                    f'GeneratedClassificationAccuracy.classes is {self.classes}; the classes of {self.extractor!r} are '
                    f'0 to {logits.shape[1] - 1}'
                )
            logits = logits[:, self.classes]
        if images.labels.max() >= logits.shape[1]:
            raise ValueError(
                f'GeneratedClassificationAccuracy: label {images.labels.max()} is none of the {logits.shape[1]} '
                f'classes of {self.extractor!r} (classes={self.classes})'
            )
        return logits.argmax(axis=1) == images.labels


def _check_labels(metric: str, fake: ImageSet) -> None:
    if fake.labels is None:
        raise ValueError(f'{metric} is for models with classes; the generated images have no labels')
