"""A set of images as a metric sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .functional import feature_statistics


@dataclass(eq=False)
class ImageSet:
    """Images, or what one extractor made of them; what a metric does not need is None.

    Attributes:
        images: uint8 array (N, C, H, W) in [0, 255].
        features: Float32 array (N, D).
        logits: Float32 array (N, K) of a classifier's scores.
        labels: int64 array (N,) of the images' classes, of a set that has them.
    """

    images: np.ndarray | None = None
    features: np.ndarray | None = None
    logits: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return next((len(x) for x in (self.images, self.features, self.logits) if x is not None), 0)

    def at(self, rows: np.ndarray) -> ImageSet:
        """Returns the images at ``rows``."""
        parts = dict(images=self.images, features=self.features, logits=self.logits, labels=self.labels)
        return ImageSet(**{name: None if array is None else array[rows] for name, array in parts.items()})

    @cached_property
    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean (D,) and covariance (D, D) of the features, computed once and shared by the metrics."""
        return feature_statistics(self.features)
