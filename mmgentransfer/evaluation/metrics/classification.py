"""What a classifier says about generated images."""

from __future__ import annotations

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
        if fake.logits is None:
            raise ValueError(
                f'ClassifierError needs an extractor that gives logits, such as ClassifierFeatures; '
                f'{self.extractor!r} gives features only'
            )
        classes = fake.logits.shape[1]
        if not 0 <= self.target < classes:
            raise ValueError(
                f'ClassifierError.target is {self.target}; the classes of {self.extractor!r} are 0 to {classes - 1}'
            )
        error = classifier_error(fake.logits.argmax(axis=1), self.target)
        return {f'classifier_error_{self.extractor}': error, f'class_share_{self.extractor}': 100.0 - error}
