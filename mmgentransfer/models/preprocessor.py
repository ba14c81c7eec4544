"""From the loader's batch to what the networks see, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.models.zoom import TRIES, cut_boxes, fitting_boxes
from mmgentransfer.registry import MODELS

__all__ = ['ImagePreprocessor']


class _Draws(NamedTuple):
    """Random numbers of the images of a batch: whether they are flipped, and where and how they are cut."""

    flip: Tensor | None
    places: Tensor | None
    chance: Tensor | None
    boxes: Tensor | None


@MODELS.register_module()
class ImagePreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and maps uint8 images to floats; flips them at random when training.

    Flips are made here and not in the loader's workers, so that they follow from the iteration's counter and a resumed
    run repeats them.

    Args:
        value_range: Values that 0 and 255 are mapped to: (-1, 1) for networks that end in tanh, (0, 1) for sigmoid.
        flip: Probability of a horizontal flip while training.
        random_crop: Side of a square that is cut out at a random place while training; None: all of an image is taken.
        zoom: How squares of ``random_crop`` are cut in place of that: ``dict(probability=0.5, scale=(0.8, 1.0),
            ratio=(0.9, 1.1))`` takes, with this probability, a box of this share of the image's area and of this width
            over height, else all of the image, and resizes it.
        alike: Whether what belongs to one item is cut and flipped alike; False for images without pairs.

    Raises:
        ValueError: ``value_range`` is not increasing, ``flip`` is not a probability, images are smaller than
            ``random_crop``, or ``zoom`` is wrong.
    """

    def __init__(
        self,
        value_range: tuple[float, float] = (-1.0, 1.0),
        flip: float = 0.0,
        random_crop: int | None = None,
        zoom: Mapping[str, Any] | None = None,
        alike: bool = True,
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
        self.zoom = None if zoom is None else _checked_zoom(dict(zoom), random_crop)
        self.alike = alike

    def forward(self, data: dict, training: bool = False, random: StepRandom | None = None) -> dict:
        """Returns the batch with every uint8 tensor of shape (N, C, H, W) as float32 in ``value_range``.

        Args:
            data: Nested dict of tensors; float tensors pass unchanged.
            training: Whether to augment.
            random: Source of flips and crops; needed when ``training`` and one of them are set.
        """
        data = self.cast_data(data)
        if not training or (self.flip == 0 and self.random_crop is None):
            return {key: self._prepare(value, None) for key, value in data.items()}
        if random is None:
            raise ValueError('flipping and cropping while training need the random numbers of the step')
        num = next(iter(data.values())).shape[0]
        common = self._draw(num, random) if self.alike else None
        found = {}
        for key, value in data.items():
            draws = None
            if value.ndim == 4:
                draws = common or self._draw(num, random)
                value = self._crop(value, draws)
            found[key] = self._prepare(value, draws and draws.flip)
        return found

    def _draw(self, num: int, random: StepRandom) -> _Draws:
        crops, zooms = self.random_crop is not None, self.zoom is not None
        return _Draws(
            flip=random.uniform(num) < self.flip if self.flip > 0 else None,
            places=random.uniform(num, 2) if crops else None,
            chance=random.uniform(num) if zooms else None,
            boxes=random.uniform(num, TRIES, 2) if zooms else None,
        )

    def _prepare(self, value: Tensor, flip: Tensor | None) -> Tensor:
        if value.dtype == torch.uint8:
            low, high = self.value_range
            value = value.to(torch.float32).mul_((high - low) / 255).add_(low)
        if flip is not None and value.ndim == 4:
            value = torch.where(flip[:, None, None, None], value.flip(-1), value)
        return value

    def _crop(self, value: Tensor, draws: _Draws) -> Tensor:
        """Cuts squares out of ``value`` (N, C, H, W), at ``places`` (N, 2) in [0, 1) of the room that there is."""
        side, places, sizes = self.random_crop, draws.places, value.shape[-2:]
        if side is None:
            return value
        if min(sizes) < side:
            raise ValueError(
                f'model.data_preprocessor.random_crop={side} needs images of that side or larger, got '
                f'{sizes[0]}x{sizes[1]}: raise image_size of the data set'
            )
        if self.zoom is not None:
            shares, fits = fitting_boxes(draws.boxes, sizes, self.zoom['scale'], self.zoom['ratio'])
            cut = fits & (draws.chance < self.zoom['probability'])
            shares = torch.where(cut[:, None], shares, 1.0)
            return cut_boxes(value, places * (1 - shares), shares, side)
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


def _checked_zoom(zoom: dict[str, Any], random_crop: int | None) -> dict[str, Any]:
    where = f'model.data_preprocessor.zoom={zoom}'
    if set(zoom) != {'probability', 'scale', 'ratio'}:
        raise ValueError(f'{where} must have the keys probability, scale and ratio')
    if random_crop is None:
        raise ValueError(f'{where} needs random_crop, the side that images are brought to')
    (small, large), (low, high) = zoom['scale'], zoom['ratio']
    if not (0 <= zoom['probability'] <= 1 and 0 < small <= large <= 1 and 0 < low <= high):
        raise ValueError(f'{where}: a probability in [0, 1], shares in (0, 1] and proportions above 0, both increasing')
    return zoom
