"""Images split into opponent colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..registry import DATASETS
from .aligned import AlignedDataset
from .image_dataset import ImageDataset

__all__ = ['OpponentColours']

MODALITIES = ('theta1', 'theta2', 'theta3')


@DATASETS.register_module()
class OpponentColours(AlignedDataset):
    """The images of another data set as three modalities (thesis eq. 4.14): R - G, G - B and the images themselves.

    ``theta1`` and ``theta2`` are float32 (N, 1, H, W) in [-1, 1], ``theta3`` is uint8 (N, 3, H, W). Labels of the
    images are those of the samples. For folders of files see
    :class:`~mmgentransfer.datasets.modality_readers.OpponentReader`.

    Args:
        dataset: Config of the images, in colour.

    Raises:
        ValueError: The images are grey.
    """

    def __init__(self, dataset: dict[str, Any] | ImageDataset) -> None:
        self.dataset: ImageDataset = DATASETS.build(dataset) if isinstance(dataset, Mapping) else dataset
        channels = self.dataset[0]['images'].shape[0]
        if channels != 3:
            raise ValueError(f'dataset.dataset has images of {channels} channels; opponent colours need 3: R, G and B')
        super().__init__(list(MODALITIES), len(self.dataset), labels=self.dataset.labels)

    def load(self, indices: Sequence[int], modalities: Sequence[str]) -> dict[str, Tensor]:
        """Returns the samples' tensors by modality."""
        images = self.dataset.__getitems__(list(indices))['images']
        made = {}
        for name in modalities:
            if name == 'theta3':
                made[name] = images
            else:
                first = MODALITIES.index(name)
                made[name] = (images[:, first, None].float() - images[:, first + 1, None].float()) / 255
        return made
