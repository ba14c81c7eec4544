"""Domains of images without pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..registry import DATASETS
from .image_dataset import ImageDataset

__all__ = ['UnpairedDomains']


@DATASETS.register_module()
class UnpairedDomains(Dataset):
    """An image of each domain, which have nothing to do with each other.

    An item is ``{'photo': uint8 (C, H, W), 'monet': ...}``, a batch the same with (N, C, H, W). Each domain is shuffled
    on its own; one that is shorter than the longest starts again from its beginning. Items of one round always have the
    same companions: with more ``rounds`` an image meets others in each.

    Args:
        domains: Config of the images of each domain, by the domain's name.
        dataset: In place of ``domains``: config of one labelled data set, each class of which is a domain of the
            class's name.
        seed: Of the domains' orders.
        rounds: How often the longest domain is in the set, each time beside other images.

    Attributes:
        modalities: The domains' names.

    Raises:
        ValueError: There are not two domains, not one of ``domains`` and ``dataset``, images of different shapes, or
            ``rounds`` is less than 1.
    """

    def __init__(
        self,
        domains: Mapping[str, dict[str, Any]] | None = None,
        dataset: dict[str, Any] | ImageDataset | None = None,
        seed: int = 0,
        rounds: int = 1,
    ) -> None:
        if rounds < 1:
            raise ValueError(f'dataset.rounds={rounds} must be at least 1')
        if (domains is None) == (dataset is None):
            raise ValueError('dataset.domains, a data set for each domain, or dataset.dataset, labelled: set one')
        self._images: dict[str, tuple[ImageDataset, np.ndarray]] = {}
        if domains is not None:
            for name, cfg in sorted(domains.items()):  # the order of a mapping is lost when a config is stored
                images = DATASETS.build(cfg) if isinstance(cfg, Mapping) else cfg
                self._images[name] = images, np.arange(len(images))
        else:
            images = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
            if images.labels is None or not images.classes:
                raise ValueError(
                    f'dataset.dataset, a {type(images).__name__}, has no labels with names of classes: domains are '
                    'told apart by them'
                )
            labels = np.asarray(images.labels)
            self._images = {
                str(name): (images, np.flatnonzero(labels == label)) for label, name in enumerate(images.classes)
            }
        self.modalities = list(self._images)
        if len(self.modalities) < 2:
            raise ValueError(f'dataset.domains must be two or more, got {self.modalities}')
        if empty := [name for name, (_, index) in self._images.items() if not len(index)]:
            raise ValueError(f'dataset: the domains {empty} have no images')
        shapes = {name: tuple(data[int(index[0])]['images'].shape[1:]) for name, (data, index) in self._images.items()}
        if len(set(shapes.values())) > 1:
            raise ValueError(f'dataset.domains have images of different sizes: {shapes}')
        longest = max(len(index) for _, index in self._images.values())
        self._order = {}
        for place, (name, (_, index)) in enumerate(self._images.items()):
            random = np.random.default_rng([seed, place])
            # resize repeats a shorter domain
            self._order[name] = np.concatenate([np.resize(random.permutation(index), longest) for _ in range(rounds)])

    def __len__(self) -> int:
        return len(self._order[self.modalities[0]])

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: value[0] for name, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns a batch: the images of every domain at ``indices`` of its own order."""
        index = np.asarray(indices)
        return {
            name: images.__getitems__(self._order[name][index].tolist())['images']
            for name, (images, _) in self._images.items()
        }

    def images_of(self, name: str) -> tuple[ImageDataset, np.ndarray]:
        """Returns the data set that has a domain's images, and which of its items they are."""
        return self._images[name]

    def domain(self, name: str) -> Tensor:
        """Returns all images of a domain, uint8 (N, C, H, W), in the order of its data set."""
        images, index = self._images[name]
        return images.__getitems__(torch.from_numpy(index).tolist())['images']
