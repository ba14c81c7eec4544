"""From batches of aligned modalities to what the networks see."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor
from torch.nn import functional as F

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = ['ModalityPreprocessor']

IGNORED = 255


@MODELS.register_module()
class ModalityPreprocessor(BaseDataPreprocessor):
    """Moves batches of aligned modalities to the device, maps bytes to numbers, and augments samples as a whole.

    uint8 images (N, C, H, W) become floats in the ``value_range`` of their modality (without one: [-1, 1] for colour,
    [0, 1] for maps of one channel); label maps, uint8 (N, H, W), become int64; float maps, such as depth in metres,
    stay as they are. While training, all modalities of a sample get the same flip, scale and crop. Images are resampled
    bilinearly, labels and float maps by the nearest pixel; beyond the border labels are 255 (ignored), depth is 0
    (missing) and images are black.

    Attributes:
        value_ranges: The range of each modality that has one; a model of modalities sets it.

    Args:
        flip: Probability of a horizontal flip.
        scale: Range that a sample is scaled by, as the thesis's (0.9, 1.1); None for no scaling.
        crop_size: Side of a random square crop, made after scaling; None keeps the size.

    Raises:
        ValueError: ``flip`` is not a probability, or ``scale`` is not a range of positive numbers.
    """

    def __init__(
        self, flip: float = 0.0, scale: tuple[float, float] | None = None, crop_size: int | None = None
    ) -> None:
        super().__init__()
        if not 0 <= flip <= 1:
            raise ValueError(f'model.data_preprocessor.flip is a probability in [0, 1], got {flip}')
        if scale is not None and not 0 < scale[0] <= scale[1]:
            raise ValueError(f'model.data_preprocessor.scale must be a range of positive numbers, got {tuple(scale)}')
        self.flip = flip
        self.scale = scale
        self.crop_size = crop_size
        self.value_ranges: dict[str, tuple[float, float]] = {}

    def forward(self, data: dict[str, Any], training: bool = False, random: StepRandom | None = None) -> dict[str, Any]:
        """Returns the batch, dicts of modalities by set or one dict of modalities, in the same form.

        Raises:
            ValueError: Augmentation without random numbers, or a crop that is larger than a sample.
        """
        data = self.cast_data(data)
        if any(isinstance(value, dict) for value in data.values()):
            return {name: self._prepare(part, training, random) for name, part in data.items()}
        return self._prepare(data, training, random)

    def _prepare(self, samples: dict[str, Tensor], training: bool, random: StepRandom | None) -> dict[str, Tensor]:
        augments = training and (self.flip > 0 or self.scale is not None or self.crop_size is not None)
        if not augments:
            return {name: self._to_numbers(name, value) for name, value in samples.items()}
        if random is None:
            raise ValueError('augmenting while training needs the random numbers of the step')
        first = next(iter(samples.values()))
        num, height, width = first.shape[0], *first.shape[-2:]
        flip = random.uniform(num) < self.flip
        if self.scale is None and self.crop_size is None:
            return {name: _flipped(self._to_numbers(name, value), flip) for name, value in samples.items()}
        grid = self._grid(num, height, width, flip, random)
        return {
            name: _resampled(self._to_numbers(name, value), grid, self._range(name, value))
            for name, value in samples.items()
        }

    def _range(self, name: str, value: Tensor) -> tuple[float, float] | None:
        """Returns the range of images of bytes (N, C, H, W); None for labels and for maps that are floats already."""
        if value.dtype != torch.uint8 or value.ndim == 3:
            return None
        return self.value_ranges.get(name, (0.0, 1.0) if value.shape[1] == 1 else (-1.0, 1.0))

    def _to_numbers(self, name: str, value: Tensor) -> Tensor:
        if value.dtype != torch.uint8:
            return value
        if value.ndim == 3:
            return value.to(torch.int64)
        low, high = self._range(name, value)
        return value.to(torch.float32).mul_((high - low) / 255).add_(low)

    def _grid(self, num: int, height: int, width: int, flip: Tensor, random: StepRandom) -> Tensor:
        """Returns where each pixel of the result comes from: (N, h, w, 2) for ``grid_sample``."""
        out_height, out_width = (self.crop_size, self.crop_size) if self.crop_size else (height, width)
        if out_height > height or out_width > width:
            raise ValueError(
                f'model.data_preprocessor.crop_size={self.crop_size} is larger than the samples, {height} x {width}'
            )
        low, high = self.scale or (1.0, 1.0)
        scale = low + (high - low) * random.uniform(num)
        place = random.uniform(num, 2)
        theta = scale.new_zeros(num, 2, 3)
        # in grid_sample's coordinates the sample spans [-1, 1]; a crop of its whole size stays centred
        theta[:, 0, 0] = torch.where(flip, -1.0, 1.0) * out_width / width / scale
        theta[:, 1, 1] = out_height / height / scale
        theta[:, 0, 2] = (2 * place[:, 0] - 1) * (1 - out_width / width)
        theta[:, 1, 2] = (2 * place[:, 1] - 1) * (1 - out_height / height)
        return F.affine_grid(theta, [num, 1, out_height, out_width], align_corners=False)


def _flipped(value: Tensor, flip: Tensor) -> Tensor:
    return torch.where(flip.view(-1, *[1] * (value.ndim - 1)), value.flip(-1), value)


def _resampled(value: Tensor, grid: Tensor, value_range: tuple[float, float] | None) -> Tensor:
    if value.dtype == torch.int64:  # 0 is what grid_sample puts beyond the border
        moved = F.grid_sample(value[:, None].float() + 1, grid, mode='nearest', align_corners=False)[:, 0]
        return torch.where(moved == 0, IGNORED + 1.0, moved).sub(1).to(torch.int64)
    if value_range is None:
        return F.grid_sample(value, grid, mode='nearest', align_corners=False)
    low = value_range[0]
    return F.grid_sample(value - low, grid, mode='bilinear', align_corners=False) + low
