"""Labelled images that come with examples of a domain to translate them to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..registry import DATASETS
from .image_dataset import ImageDataset

__all__ = ['ReferenceImages']


@DATASETS.register_module()
class ReferenceImages(Dataset):
    """Each image of a labelled set with two different images of one class, all classes being equally likely.

    An item is ``dict(images=, labels=, references=, other_references=, reference_labels=)``, the last three of the two
    examples; a batch the same with (N, ...). Each image is in the set ``rounds`` times with examples of its own, which
    follow from ``seed`` and the place in the set.

    Args:
        dataset: Config of the labelled set, or the set.
        rounds: How often each image is in the set.
        seed: Of the choice of examples.
        balanced: Whether the images, too, are drawn with all classes equally likely; the set is as long, but no longer
            has each image ``rounds`` times.

    Attributes:
        classes: The classes' names.

    Raises:
        ValueError: The set has no labels, a class has fewer than two images, or ``rounds`` is less than 1.
    """

    def __init__(
        self, dataset: dict[str, Any] | ImageDataset, rounds: int = 20, seed: int = 0, balanced: bool = False
    ) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
        if self.dataset.labels is None:
            raise ValueError(f'dataset.dataset, a {type(self.dataset).__name__}, has no labels to choose references by')
        if rounds < 1:
            raise ValueError(f'dataset.rounds={rounds} must be at least 1')
        labels = np.asarray(self.dataset.labels)
        self._order = np.argsort(labels, kind='stable')
        self._sizes = np.bincount(labels, minlength=len(self.dataset.classes))
        if (few := self._sizes < 2).any():
            label = int(few.argmax())
            name = self.dataset.classes[label] if self.dataset.classes else label
            raise ValueError(
                f'dataset.dataset has {self._sizes[label]} images of the class {name!r}: two different references need '
                'at least 2'
            )
        self._starts = np.cumsum(self._sizes) - self._sizes
        self.rounds = rounds
        self.balanced = balanced
        self._seed = seed

    @property
    def classes(self) -> tuple[str, ...]:
        """See above."""
        return self.dataset.classes

    def __len__(self) -> int:
        return self.rounds * len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {key: value[0] for key, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns the batch of the images at ``indices``."""
        index = np.asarray(indices)
        draws = np.stack([np.random.default_rng([self._seed, int(i)]).random(5) for i in index])
        label = (draws[:, 0] * len(self._sizes)).astype(np.int64)
        size = self._sizes[label]
        first = (draws[:, 1] * size).astype(np.int64)
        second = (first + 1 + (draws[:, 2] * (size - 1)).astype(np.int64)) % size
        own = index % len(self.dataset)
        if self.balanced:
            source = (draws[:, 3] * len(self._sizes)).astype(np.int64)
            own = self._order[self._starts[source] + (draws[:, 4] * self._sizes[source]).astype(np.int64)]
        batch = self.dataset.__getitems__(own.tolist())
        for key, place in (('references', first), ('other_references', second)):
            chosen = self._order[self._starts[label] + place]
            batch[key] = self.dataset.__getitems__(chosen.tolist())['images']
        batch['reference_labels'] = torch.from_numpy(label)
        return batch
