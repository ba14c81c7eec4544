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
        random_crop: Side of a square that is cut out at a random place while training; None: all of an image is taken.
            What belongs to one item is cut and flipped alike.

    Raises:
        ValueError: ``value_range`` is not increasing, ``flip`` is not a probability, or images are smaller than
            ``random_crop``.
    """

    def __init__(
        self, value_range: tuple[float, float] = (-1.0, 1.0), flip: float = 0.0, random_crop: int | None = None
    ) -> None:
        super().__init__()
        low, high = value_range
        if not low < high:
            raise ValueError(f'model.data_preprocessor.value_range must increase, got {tuple(value_range)}')
        if not 0 <= flip <= 1:
            raise ValueError(f'model.data_preprocessor.flip is a probability in [0, 1], got {flip}')
        if random_crop is not None and random_crop < 1:
            raise ValueError(f'model.data_preprocessor.random_crop={random_crop} must be at least 1, or None')
        self.value_range = (float(low), float(high))
        self.flip = flip
        self.random_crop = random_crop

    def forward(self, data: dict, training: bool = False, random: StepRandom | None = None) -> dict:
        """Returns the batch with every uint8 tensor of shape (N, C, H, W) as float32 in ``value_range``.

        Args:
            data: Nested dict of tensors; float tensors pass unchanged.
            training: Whether to augment.
            random: Source of flips and crops; needed when ``training`` and one of them are set.
        """
        data = self.cast_data(data)
        flip = None
        if training and (self.flip > 0 or self.random_crop is not None):
            if random is None:
                raise ValueError('flipping and cropping while training need the random numbers of the step')
            num = next(iter(data.values())).shape[0]
            if self.flip > 0:
                flip = random.uniform(num) < self.flip
            if self.random_crop is not None:
                places = random.uniform(num, 2)
                data = {key: self._crop(value, places) if value.ndim == 4 else value for key, value in data.items()}
        return {key: self._prepare(value, flip) for key, value in data.items()}

    def _prepare(self, value: Tensor, flip: Tensor | None) -> Tensor:
        if value.dtype == torch.uint8:
            low, high = self.value_range
            value = value.to(torch.float32).mul_((high - low) / 255).add_(low)
        if flip is not None and value.ndim == 4:
            value = torch.where(flip[:, None, None, None], value.flip(-1), value)
        return value

    def _crop(self, value: Tensor, places: Tensor) -> Tensor:
        """Cuts squares out of ``value`` (N, C, H, W), at ``places`` (N, 2) in [0, 1) of the room that there is."""
        side, sizes = self.random_crop, value.shape[-2:]
        if min(sizes) < side:
            raise ValueError(
                f'model.data_preprocessor.random_crop={side} needs images of that side or larger, got '
                f'{sizes[0]}x{sizes[1]}: raise image_size of the data set'
            )
        rows, columns = (
            (places[:, axis] * (size - side + 1)).long()[:, None] + torch.arange(side, device=value.device)
            for axis, size in enumerate(sizes)
        )
        items = torch.arange(len(value), device=value.device)[:, None, None]
        return value.movedim(1, -1)[items, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)

    def to_uint8(self, images: Tensor) -> Tensor:
        """Maps float images in ``value_range`` to uint8, rounding to the nearest level and clamping."""
        low, high = self.value_range
        return ((images.float() - low) * (255 / (high - low))).round_().clamp_(0, 255).to(torch.uint8)
