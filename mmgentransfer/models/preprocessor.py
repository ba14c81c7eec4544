"""From the loader's batch to what the networks see, and back."""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = ['ImagePreprocessor']


@MODELS.register_module()
class ImagePreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and maps uint8 images to floats; flips them at random when training.

    Flips are made here and not in the loader's workers, so that they follow from the iteration's counter and a resumed
    run repeats them.

    Args:
        value_range: Values that 0 and 255 are mapped to: (-1, 1) for networks that end in tanh, (0, 1) for sigmoid.
        flip: Probability of a horizontal flip while training.

    Raises:
        ValueError: ``value_range`` is not increasing, or ``flip`` is not a probability.
    """

    def __init__(self, value_range: tuple[float, float] = (-1.0, 1.0), flip: float = 0.0) -> None:
        super().__init__()
        low, high = value_range
        if not low < high:
            raise ValueError(f'model.data_preprocessor.value_range must increase, got {tuple(value_range)}')
        if not 0 <= flip <= 1:
            raise ValueError(f'model.data_preprocessor.flip is a probability in [0, 1], got {flip}')
        self.value_range = (float(low), float(high))
        self.flip = flip

    def forward(self, data: dict, training: bool = False, random: StepRandom | None = None) -> dict:
        """Returns the batch with every uint8 tensor of shape (N, C, H, W) as float32 in ``value_range``.

        Args:
            data: Nested dict of tensors; float tensors pass unchanged.
            training: Whether to augment.
            random: Source of the flips; needed when ``training`` and ``flip`` are set.
        """
        data = self.cast_data(data)
        flip = None
        if training and self.flip > 0:
            if random is None:
                raise ValueError('flipping while training needs the random numbers of the step')
            flip = random.uniform(next(iter(data.values())).shape[0]) < self.flip
        return {key: self._prepare(value, flip) for key, value in data.items()}

    def _prepare(self, value: Tensor, flip: Tensor | None) -> Tensor:
        if value.dtype == torch.uint8:
            low, high = self.value_range
            value = value.to(torch.float32).mul_((high - low) / 255).add_(low)
        if flip is not None and value.ndim == 4:
            value = torch.where(flip[:, None, None, None], value.flip(-1), value)
        return value

    def to_uint8(self, images: Tensor) -> Tensor:
        """Maps float images in ``value_range`` to uint8, rounding to the nearest level and clamping."""
        low, high = self.value_range
        return ((images.float() - low) * (255 / (high - low))).round_().clamp_(0, 255).to(torch.uint8)
