"""Images to translate beside the images of a labelled data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..registry import DATASETS
from .image_dataset import ImageDataset

__all__ = ['WithSources']


@DATASETS.register_module()
class WithSources(Dataset):
    """A labelled data set with a second image of it in each item, which has nothing to do with the first.

    An item is ``{'images': uint8 (C, H, W), 'labels': int64 (), 'sources': uint8 (C, H, W)}``; the source is of any
    class, in an order of its own.

    Args:
        dataset: Config of the labelled data set.
        seed: Of the order of the sources.

    Attributes:
        classes: The names of the classes.
        labels: int64 (N,), the images' own.

    Raises:
        ValueError: The data set has no labels.
    """

    def __init__(self, dataset: dict[str, Any] | ImageDataset, seed: int = 0) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
        if self.dataset.labels is None:
            raise ValueError(f'dataset.dataset, a {type(self.dataset).__name__}, has no labels')
        self._order = torch.from_numpy(np.random.default_rng(seed).permutation(len(self.dataset)))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.dataset.classes

    @property
    def labels(self) -> Tensor:
        """The images' labels, int64 (N,)."""
        return self.dataset.labels

    @property
    def metainfo(self) -> dict[str, Any]:
        """What MMEngine's loops hand to evaluators."""
        return self.dataset.metainfo

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {key: value[0] for key, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns the batch of the images at ``indices``, and as many sources."""
        batch = self.dataset.__getitems__(indices)
        sources = self._order[torch.as_tensor(indices, dtype=torch.long)].tolist()
        return {**batch, 'sources': self.dataset.__getitems__(sources)['images']}
