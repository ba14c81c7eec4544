"""Rendered faces with attributes that are set or not, and the regions that they take up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...registry import DATASETS, suggest
from ..image_dataset import ImageDataset
from .object_rendering import uniform_numbers

__all__ = ['ToyAttributeFaces']

ATTRIBUTES = ('bangs', 'eyeglasses', 'smile', 'blond', 'brown')
SPLITS = ('train', 'test')
SIDES = (8, 128)
CHUNK_PIXELS = 2**18
# RGB of the hair, the skin from light to dark, and of glasses and mouth
HAIR = {'blond': (0.93, 0.80, 0.40), 'brown': (0.38, 0.22, 0.10)}
SKIN = ((0.96, 0.82, 0.70), (0.72, 0.50, 0.36))
FRAME, MOUTH = (0.08, 0.08, 0.12), (0.65, 0.08, 0.12)


@DATASETS.register_module()
class ToyAttributeFaces(ImageDataset):
    """Faces on grey, each a disc, with five attributes that are drawn independently.

    ``bangs`` is a bar over the forehead, of any hue; ``eyeglasses`` are two rings; ``smile`` is an arc; ``blond`` and
    ``brown``, of which every face has one, are the colours of the hair, the outline around the forehead. An image is a
    function of ``seed``, ``split`` and its number, at any ``image_size``: image 7 is the same in a set of 10 and 1,000.

    Items have ``labels``, int64 (C,) of 0 and 1, and if asked for ``masks``, float32 (C, S, S): the share of each pixel
    that each attribute covers, or would cover if it were set.

    Args:
        num_images: Number of images.
        image_size: Side in pixels, 8..128.
        selected: The attributes of the labels, in this order.
        split: 'train' or 'test', which share no image.
        seed: Of all random numbers.
        skip: Leaves out the first ones: ``skip=n`` shares nothing with ``num_images=n``.
        with_masks: Whether items have masks.
        with_indices: Whether items have ``indices``, their place 0..N-1 in the set.

    Attributes:
        masks: uint8 (N, C, S, S), or ``None``.

    Raises:
        ValueError: A name is unknown, or a number is out of range.
    """

    def __init__(
        self,
        num_images: int,
        image_size: int = 32,
        selected: Sequence[str] = ATTRIBUTES,
        split: str = 'train',
        seed: int = 0,
        skip: int = 0,
        with_masks: bool = False,
        with_indices: bool = False,
    ) -> None:
        if not SIDES[0] <= image_size <= SIDES[1]:
            raise ValueError(f'dataset.image_size={image_size} must lie in {SIDES[0]}..{SIDES[1]}')
        if num_images < 1:
            raise ValueError(f'dataset.num_images={num_images} must be at least 1')
        if split not in SPLITS:
            raise ValueError(f'dataset.split={split!r} is not one of {SPLITS}')
        for key, value in (('seed', seed), ('skip', skip)):
            if not 0 <= value < 2**32:
                raise ValueError(f'dataset.{key}={value} must lie in 0..{2**32 - 1}')
        for name in selected:
            if name not in ATTRIBUTES:
                raise ValueError(
                    f'dataset.selected names {name!r}, which is not one of {ATTRIBUTES}.{suggest(name, [*ATTRIBUTES])}'
                )
        if isinstance(selected, str) or not selected or len(set(selected)) < len(selected):
            raise ValueError(f'dataset.selected={selected!r} must be a list of at least one attribute, none twice')
        columns = [ATTRIBUTES.index(name) for name in selected]
        images = torch.empty(num_images, 3, image_size, image_size, dtype=torch.uint8)
        flags = torch.empty(num_images, len(ATTRIBUTES), dtype=torch.bool)
        masks = torch.empty(num_images, len(columns), image_size, image_size, dtype=torch.uint8) if with_masks else None
        step = max(1, CHUNK_PIXELS // image_size**2)
        for start in range(0, num_images, step):
            stop = min(start + step, num_images)
            draws = uniform_numbers(f'{seed} {split} faces', np.arange(skip + start, skip + stop), 18)
            pixels, flags[start:stop], regions = _draw(torch.from_numpy(draws).float(), image_size)
            images[start:stop] = _to_uint8(pixels)
            if masks is not None:
                masks[start:stop] = _to_uint8(regions[:, columns])
        self.masks = masks
        super().__init__(images, flags[:, columns].long(), selected, with_indices)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns the batch of the images at ``indices``."""
        batch = super().__getitems__(indices)
        if self.masks is not None:
            batch['masks'] = self.masks[torch.as_tensor(indices, dtype=torch.long)].float() / 255
        return batch


def _draw(draws: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draws faces.

    Args:
        draws: Uniform numbers (N, 18).
        side: In pixels.

    Returns:
        Images (N, 3, S, S) in [0, 1], which attributes are set (N, 5), and the attributes' regions (N, 5, S, S).
    """
    draws = draws[:, :, None, None]
    flags = draws[:, :4, 0, 0] < 0.5
    flags = torch.cat([flags, ~flags[:, 3:]], dim=1)
    grey, shift_x, shift_y, size, tone, hue, saturation, value, low, high = draws[:, 4:14].unbind(1)

    radius = 0.36 + 0.06 * size  # shares of the side
    pixels = (torch.arange(side) + 0.5) / side
    x = (pixels - 0.5 + 0.08 * (shift_x - 0.5)) / radius
    y = (pixels[:, None] - 0.5 + 0.08 * (shift_y - 0.5)) / radius
    scale = radius * side

    def share(distance: Tensor) -> Tensor:
        """What share of each pixel lies inside, from the distance to the edge in radii of the face."""
        return (0.5 - distance * scale).clamp(0, 1)

    distance = (x * x + y * y).sqrt()
    face = share(distance - 1)
    forehead = torch.maximum(y + 0.42 - 0.06 * (low - 0.5), distance - 0.98)
    bangs = share(forehead)
    hair = share(torch.minimum(forehead - 0.16, (distance - 1.08)).maximum(y + 0.2)) * (1 - bangs)
    rings = ((x.abs() - 0.36).square() + (y + 0.02).square()).sqrt()
    bridge = torch.maximum(x.abs() - 0.14, (y + 0.02).abs() - 0.04)
    glasses = share(torch.minimum((rings - 0.24).abs() - 0.055, bridge))
    arc = torch.maximum(((x * x + (y - 0.22).square()).sqrt() - 0.4).abs() - 0.06, 0.36 + 0.04 * (high - 0.5) - y)
    smile = share(arc)

    fringe = _hsv(hue, 0.6 + 0.4 * saturation, 0.45 + 0.5 * value)
    light, dark = (torch.tensor(colour)[:, None, None] for colour in SKIN)
    image = (0.45 + 0.4 * grey)[:, None].expand(-1, 3, side, side)
    strands = torch.where(flags[:, 3, None, None, None], _colour(HAIR['blond']), _colour(HAIR['brown']))
    on = flags.float()[:, :, None, None]
    for colour, region in (
        (light + tone[:, None] * (dark - light), face),
        (strands, hair),
        (fringe, bangs * on[:, 0]),
        (_colour(FRAME), glasses * on[:, 1]),
        (_colour(MOUTH), smile * on[:, 2]),
    ):
        image = image + region[:, None] * (colour - image)
    return image, flags, torch.stack([bangs, glasses, smile, hair, hair], dim=1)


def _colour(rgb: tuple[float, float, float]) -> Tensor:
    return torch.tensor(rgb)[:, None, None]


def _hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Returns the colours (N, 3, 1, 1) of hues (in turns), saturations and values (N, 1, 1)."""
    place = (torch.tensor([5.0, 3.0, 1.0])[:, None, None] + 6 * hue[:, None]) % 6
    return value[:, None] * (1 - saturation[:, None] * torch.minimum(place, 4 - place).clamp(0, 1))


def _to_uint8(values: Tensor) -> Tensor:
    return (values * 255 + 0.5).to(torch.uint8)
