"""What the evaluator expects of a metric."""

from __future__ import annotations

from typing import Protocol

from ..image_set import ImageSet


class Metric(Protocol):
    """A score of generated images; any registered class of this form can be named in ``val_evaluator.metrics``.

    A metric that describes the model itself has a method ``observe(model)`` too, which is called before ``compute``.

    Attributes:
        extractor: Name of the extractor in ``val_evaluator.extractors`` that the metric looks through; its image sets
            then hold features (and logits). None for a metric on raw images.
        needs_train: Whether the metric compares with the training images.
    """

    extractor: str | None
    needs_train: bool

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None) -> dict[str, float]:
        """Returns the scores by name.

        Args:
            real: The real reference images.
            fake: The generated images.
            train: The training images if ``needs_train``.
        """
        ...
