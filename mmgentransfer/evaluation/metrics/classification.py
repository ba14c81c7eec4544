"""What a classifier says about generated images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmgentransfer.registry import METRICS

from ..functional import classifier_error
from ..image_set import ImageSet


@METRICS.register_module()
class ClassifierError:
    """Percentage of generated images that a classifier does not take for the target class (thesis section A.2.2).

    The results are ``classifier_error_<extractor>`` and its complement ``class_share_<extractor>``. Neither sees a
    collapse to one image: read them next to FID.

    Args:
        extractor: Name of an extractor that gives class scores.
        target: The class that the images should have.
    """

    needs_train = False

    def __init__(self, extractor: str, target: int) -> None:
        self.extractor = extractor
        self.target = target

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``classifier_error_<extractor>`` and ``class_share_<extractor>``, in percent.

        Raises:
            ValueError: The extractor gives no class scores, or ``target`` is none of its classes.
        """
        classes = _logits(self, fake).shape[1]
        if not 0 <= self.target < classes:
            raise ValueError(
                f'ClassifierError.target is {self.target}; the classes of {self.extractor!r} are 0 to {classes - 1}'
            )
        error = classifier_error(fake.logits.argmax(axis=1), self.target)
        return {f'classifier_error_{self.extractor}': error, f'class_share_{self.extractor}': 100.0 - error}


@METRICS.register_module()
class ClassShares:
    """Class histogram of generated images: the percentage that a classifier takes for each class.

    It shows whether a target of several kinds is covered. The results are ``share_<class>_<extractor>``.

    Args:
        extractor: Name of an extractor that gives class scores.
        classes: The classes to report; None for all.
    """

    needs_train = False

    def __init__(self, extractor: str, classes: Sequence[int] | None = None) -> None:
        self.extractor = extractor
        self.classes = classes

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``share_<class>_<extractor>`` in percent.

        Raises:
            ValueError: The extractor gives no class scores, or doesn't know one of the classes.
        """
        logits = _logits(self, fake)
        known = logits.shape[1]
        classes = range(known) if self.classes is None else self.classes
        unknown = [c for c in classes if not 0 <= c < known]
        if unknown:
            raise ValueError(
                f'ClassShares.classes has {unknown}; the classes of {self.extractor!r} are 0 to {known - 1}'
            )
        shares = 100.0 * np.bincount(logits.argmax(axis=1), minlength=known) / len(logits)
        return {f'share_{c}_{self.extractor}': float(shares[c]) for c in classes}


def _logits(metric: ClassifierError | ClassShares, images: ImageSet) -> np.ndarray:
    if images.logits is None:
        raise ValueError(
            f'{type(metric).__name__} needs an extractor that gives logits, such as ClassifierFeatures; '
            f'{metric.extractor!r} gives features only'
        )
    return images.logits
