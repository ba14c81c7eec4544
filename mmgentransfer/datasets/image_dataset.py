"""The base of datasets of images with optional labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

if TYPE_CHECKING:
    from .image_files import ImageFiles

__all__ = ['ImageDataset']


class ImageDataset(Dataset):
    """Images, and labels where there are any, fetched one by one or a whole batch at a time.

    An item is ``dict(images=uint8 (C, H, W), labels=int64 ())``, a batch ``dict(images=uint8 (N, C, H, W),
    labels=int64 (N,))``; ``labels`` is absent in an unlabelled set. With indices there is ``indices``, int64 as labels
    are: which image of the set each one is, for methods that learn something for every image. PyTorch's loader fetches
    a batch by one call of :meth:`__getitems__`, which for images in memory is one indexing operation; its
    ``collate_fn`` must be :func:`~mmgentransfer.datasets.stack_batch`.

    Args:
        images: uint8 (N, C, H, W) in memory, or files that are read when asked for.
        labels: int64 (N,), or ``None``.
        classes: The classes' names; ``classes[label]`` is the name of a label.
        with_indices: Whether items have ``indices``.

    Attributes:
        images: As above.
        labels: As above.
        with_indices: As above.
        metainfo: What MMEngine's loops hand to evaluators: ``classes`` where there are any.
    """

    def __init__(
        self,
        images: Tensor | ImageFiles,
        labels: Tensor | None = None,
        classes: Sequence[str] = (),
        with_indices: bool = False,
    ) -> None:
        if labels is not None and len(labels) != len(images):
            raise ValueError(f'there are {len(images)} images and {len(labels)} labels: one label an image is needed')
        self.images = images
        self.labels = labels
        self.with_indices = with_indices
        self.metainfo: dict[str, Any] = {'classes': tuple(classes)} if classes else {}

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names, empty for a set without classes."""
        return self.metainfo.get('classes', ())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {key: value[0] for key, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns the batch of the images at ``indices``."""
        rows = torch.as_tensor(indices, dtype=torch.long)
        batch = {'images': self.images[rows]}
        if self.labels is not None:
            batch['labels'] = self.labels[rows]
        if self.with_indices:
            batch['indices'] = rows
        return batch
