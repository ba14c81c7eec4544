"""Rendered objects whose shape, colour and texture are chosen: nothing to download, and every bias can be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ...registry import DATASETS, suggest
from ..image_dataset import ImageDataset
from .object_rendering import (
    BACKGROUNDS,
    COLOURS,
    HUES,
    LATTICE,
    SHAPES,
    TEXTURES,
    ObjectScene,
    draw_scene,
    hsv_to_rgb,
    normal_numbers,
    to_luma,
    uniform_numbers,
)

__all__ = ['ToyObjects']

SPLITS = ('train', 'test')
COLOUR_SPACES = ('rgb', 'hsv')
HUE_JITTER = 6  # degrees
SIDES = (8, 128)
PLURALS = {'shape': 'shapes', 'colour': 'colours', 'texture': 'textures'}
CLUTTER = 8  # rectangles
CHUNK_PIXELS = 2**18


@DATASETS.register_module()
class ToyObjects(ImageDataset):
    """Images of one object each: a shape of some colour and texture, at a random place, on a background.

    An image is a function of ``seed``, ``split``, its group and its number in the group: image 7 is the same in a set
    of 10 and of 1,000, and the two splits share none. There is one group with ``num_images``, one for each class with
    ``num_per_class``, and one for each key of ``counts``; groups follow each other in the order of the lists. Images of
    another ``image_size`` or in grey show the same objects at the same places.

    Items have ``masks`` as well if asked for: the share of each pixel that the object covers, float32 (1, S, S).

    Args:
        image_size: Side in pixels, 8..128.
        channels: 3 (RGB) or 1 (its luma).
        num_images: Number of images; shape, colour and texture of each are drawn from the lists.
        num_per_class: Number of images of each value of the attribute ``labelled``; the others are drawn.
        counts: Number of images of each group, for any joint distribution: ``{'red stripes': 1000, 'red plain': 100}``.
            A key names one or more values of different attributes, as words or as a tuple; the others are drawn.
        split: 'train' or 'test'.
        seed: Of all random numbers.
        skip: Leaves out the images that a set of this size would have; it counts per group.
        shapes: Of 'bag', 'crescent', 'cross', 'disc', 'hexagon', 'ring', 'square', 'star', 'triangle'.
        colours: Of 'black', 'blue', 'brown', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'turquoise', 'white',
            'yellow'; each is a range of RGB values, 'white' is 255 throughout.
        colour_space: 'rgb' for these ranges; 'hsv' for each of the eight with a hue ('red', 'orange', 'yellow',
            'green', 'turquoise', 'blue', 'purple', 'pink') within 6 degrees of it, and of any saturation in [0.5, 1]
            and value in [0.35, 1], so that a translator to a colour has several answers.
        textures: Of 'plain', 'stripes', 'dots', 'checks', 'noise'.
        background: 'black', 'plain' (one grey), 'gradient' (a tilted grey) or 'cluttered' (rectangles on that).
        background_range: Lowest and highest grey level of the background, in [0, 1].
        size: Smallest and largest diameter of the circle around the object, as a share of the side.
        position: Range of the centre along both axes, as a share of the room in which the object stays inside the
            image: (0, 1) is anywhere, (0.5, 0.5) the middle.
        rotation: Range of the clockwise angle in degrees.
        shading: Largest change of brightness towards the edge of the object, in [0, 1]; its direction is random.
        noise: Standard deviation of the pixels' noise, with 1 as the full range.
        labelled: 'shape', 'colour' or 'texture' for items with labels, numbered in the order of that list.
        with_masks: Whether items have masks.
        with_indices: Whether items have ``indices``, their place 0..N-1 in the set.

    Attributes:
        attributes: By 'shape', 'colour' and 'texture' the name of each image's value, an array of strings (N,).
        masks: uint8 (N, 1, S, S), or ``None``.

    Raises:
        ValueError: A name is unknown, an argument is out of range, or arguments contradict each other.
    """

    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        num_images: int | None = None,
        num_per_class: int | None = None,
        counts: Mapping[str | tuple[str, ...], int] | None = None,
        split: str = 'train',
        seed: int = 0,
        skip: int = 0,
        shapes: Sequence[str] = tuple(SHAPES),
        colours: Sequence[str] | None = None,
        colour_space: str = 'rgb',
        textures: Sequence[str] = ('plain',),
        background: str = 'plain',
        background_range: tuple[float, float] = (0.6, 0.8),
        size: tuple[float, float] = (0.4, 0.8),
        position: tuple[float, float] = (0.0, 1.0),
        rotation: tuple[float, float] = (0.0, 0.0),
        shading: float = 0.0,
        noise: float = 0.0,
        labelled: str | None = None,
        with_masks: bool = False,
        with_indices: bool = False,
    ) -> None:
        if not SIDES[0] <= image_size <= SIDES[1]:
            raise ValueError(f'dataset.image_size={image_size} must lie in {SIDES[0]}..{SIDES[1]}')
        _check_name('channels', channels, (1, 3))
        _check_name('split', split, SPLITS)
        _check_name('background', background, BACKGROUNDS)
        _check_name('colour_space', colour_space, COLOUR_SPACES)
        if labelled is not None:
            _check_name('labelled', labelled, tuple(PLURALS))
        for key, value in (('seed', seed), ('skip', skip)):
            if not 0 <= value < 2**32:
                raise ValueError(f'dataset.{key}={value} must lie in 0..{2**32 - 1}')
        for key, value in (('shading', shading), ('noise', noise)):
            if not 0 <= value <= 1:
                raise ValueError(f'dataset.{key}={value} must lie in [0, 1]')
        known_colours = tuple(HUES if colour_space == 'hsv' else COLOURS)
        self._values = {
            'shape': _names('shapes', shapes, tuple(SHAPES)),
            'colour': _names('colours', known_colours if colours is None else colours, known_colours),
            'texture': _names('textures', textures, TEXTURES),
        }
        if background == 'black' and 'black' in self._values['colour']:
            raise ValueError(
                "dataset.background='black' hides objects of the colour 'black': leave it out of dataset.colours, or "
                'take another background'
            )
        groups = self._groups(num_images, num_per_class, counts, labelled)

        self._image_size, self._channels, self._background = image_size, channels, background
        self._colour_space = colour_space
        self._background_range = _range('background_range', background_range, 0, 1)
        self._size = _range('size', size, 0, 1)
        if self._size[0] == 0:
            raise ValueError(f'dataset.size={tuple(size)} must be above 0: it is a share of the side of the image')
        self._position = _range('position', position, 0, 1)
        self._rotation = np.deg2rad(_range('rotation', rotation, -360, 360))
        self._shading, self._noise = shading, noise

        total = sum(num for _, num in groups)
        images = torch.empty(total, channels, image_size, image_size, dtype=torch.uint8)
        self.masks = torch.empty(total, 1, image_size, image_size, dtype=torch.uint8) if with_masks else None
        chosen: dict[str, list[np.ndarray]] = {attribute: [] for attribute in PLURALS}
        start, step = 0, max(1, CHUNK_PIXELS // image_size**2)
        for fixed, num in groups:
            stream = f'{seed} {split} {" ".join(fixed.values())}'
            for first in range(0, num, step):
                indices = np.arange(skip + first, skip + min(first + step, num))
                stop = start + len(indices)
                names, pixels, mask = self._render(stream, indices, fixed)
                images[start:stop] = pixels
                if self.masks is not None:
                    self.masks[start:stop] = mask
                for attribute, values in names.items():
                    chosen[attribute].append(values)
                start = stop
        self.attributes = {attribute: np.concatenate(values) for attribute, values in chosen.items()}

        labels, classes = None, ()
        if labelled is not None:
            classes = self._values[labelled]
            names = self.attributes[labelled]
            labels = torch.from_numpy((names[:, None] == np.array(classes)).argmax(1))
        super().__init__(images, labels, classes, with_indices)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns the batch of the images at ``indices``."""
        batch = super().__getitems__(indices)
        if self.masks is not None:
            batch['masks'] = self.masks[torch.as_tensor(indices, dtype=torch.long)].float() / 255
        return batch

    def _groups(
        self,
        num_images: int | None,
        num_per_class: int | None,
        counts: Mapping[str | tuple[str, ...], int] | None,
        labelled: str | None,
    ) -> list[tuple[dict[str, str], int]]:
        """Returns the attributes that are fixed in each group, in the order of PLURALS, and its number of images."""
        options = {'num_images': num_images, 'num_per_class': num_per_class, 'counts': counts}
        given = [f'dataset.{key}={value!r}' for key, value in options.items() if value is not None]
        if len(given) != 1:
            what = ' and '.join(given) + ' exclude each other' if given else 'how many images is not said'
            raise ValueError(f'{what}: set one of dataset.num_images, dataset.num_per_class and dataset.counts')
        if num_per_class is not None and labelled is None:
            raise ValueError(f"{given[0]} needs dataset.labelled, the attribute of the classes, such as 'shape'")
        if num_images is not None:
            named = [('dataset.num_images', {}, num_images)]
        elif num_per_class is not None:
            values = self._values[labelled]
            named = [('dataset.num_per_class', {labelled: value}, num_per_class) for value in values]
        else:
            if not counts:
                raise ValueError("dataset.counts is empty: it needs groups, such as {'red stripes': 100}")
            named = [(f'dataset.counts[{key!r}]', self._fixed(key), num) for key, num in counts.items()]
        for index, (key, fixed, num) in enumerate(named):
            if num < 1:
                raise ValueError(f'{key}={num} must be at least 1')
            if fixed in [other for _, other, _ in named[:index]]:
                raise ValueError(f'{key} names a group that dataset.counts has already')
        # the order of a mapping is lost when a config is stored, so groups have their own
        lists = self._values.items()
        named.sort(key=lambda item: [names.index(item[1][a]) if a in item[1] else -1 for a, names in lists])
        return [(fixed, num) for _, fixed, num in named]

    def _fixed(self, key: str | tuple[str, ...]) -> dict[str, str]:
        """Reads a key of ``counts``: which attribute has which value."""
        fixed: dict[str, str] = {}
        for name in key.split() if isinstance(key, str) else key:
            attribute = next((a for a, values in self._values.items() if name in values), None)
            where = f'dataset.counts[{key!r}]: {name!r}'
            if attribute is None:
                known = [value for values in self._values.values() for value in values]
                lists = ', '.join(f'dataset.{PLURALS[a]}={values}' for a, values in self._values.items())
                raise ValueError(f'{where} is in none of {lists}.{suggest(name, known)}')
            if attribute in fixed:
                raise ValueError(f'{where} is a second {attribute}: an image has one')
            fixed[attribute] = name
        if not fixed:
            raise ValueError(f'dataset.counts[{key!r}] names no value')
        return {attribute: fixed[attribute] for attribute in PLURALS if attribute in fixed}

    def _render(
        self, stream: str, indices: np.ndarray, fixed: Mapping[str, str]
    ) -> tuple[dict[str, np.ndarray], Tensor, Tensor]:
        """Returns the attributes, the images and the masks (uint8) of a group's images at ``indices``."""
        num, side, channels = len(indices), self._image_size, self._channels
        draws = uniform_numbers(f'{stream} scene', indices, 20).T
        names = {
            attribute: np.array(values)[(draw * len(values)).astype(np.int64)]
            if attribute not in fixed
            else np.full(num, fixed[attribute])
            for (attribute, values), draw in zip(self._values.items(), draws[:3], strict=True)
        }
        size, column, row, rotation, light, level, tilt_x, tilt_y, angle, offset_x, offset_y, period = draws[3:15]
        colour = self._colours(names['colour'], draws[15:19].T)
        contrast = (0.35 + 0.2 * draws[19])[:, None]
        dark = colour.max(1, keepdims=True) < 0.2  # the second tone is darker, but lighter than black
        second = np.where(dark, colour + contrast * (1 - colour), colour * (1 - contrast))

        radius = _between(self._size, size) / 2
        centre = np.stack([_between(self._position, column), _between(self._position, row)], axis=1)
        grey = _between(self._background_range, level)[:, None]
        slope = np.stack([tilt_x, tilt_y], axis=1) - 0.5
        lattice = uniform_numbers(f'{stream} lattice', indices, LATTICE**2) if 'noise' in names['texture'] else None
        tones = np.stack([colour, second], axis=1)
        scene = ObjectScene(
            shapes=names['shape'],
            textures=names['texture'],
            radius=radius,
            centre=radius[:, None] + centre * (1 - 2 * radius[:, None]),
            rotation=_between(self._rotation, rotation),
            tones=to_luma(tones) if channels == 1 else tones,
            pattern=np.stack([angle * np.pi, offset_x, offset_y], axis=1),
            # a period of fewer pixels than four can't be seen
            period=max(0.125, 4 / side) * (0.9 + 0.3 * period),
            shading=self._shading * np.stack([np.cos(2 * np.pi * light), np.sin(2 * np.pi * light)], axis=1),
            background=np.repeat(grey * (self._background != 'black'), channels, axis=1),
            slope=0.2 * slope * (self._background in ('gradient', 'cluttered')),
            lattice=None if lattice is None else lattice.reshape(num, LATTICE, LATTICE),
            clutter=self._clutter(stream, indices, grey) if self._background == 'cluttered' else None,
        )
        pixels, mask = draw_scene(scene, side)
        if self._noise:
            numbers = normal_numbers(f'{stream} pixels', indices, channels * side**2).reshape(pixels.shape)
            pixels = (pixels + self._noise * torch.from_numpy(numbers)).clamp_(0, 1)
        return names, _to_uint8(pixels), _to_uint8(mask)

    def _colours(self, names: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Returns colours (N, 3) of these names by uniform numbers (N, 4)."""
        if self._colour_space == 'hsv':
            hues = np.array([HUES[name] for name in names]) + HUE_JITTER * (2 * draws[:, 0] - 1)
            return hsv_to_rgb(hues, 0.5 + 0.5 * draws[:, 1], 0.35 + 0.65 * draws[:, 2])
        # a colour goes from dark to light as a whole, and each channel a little on its own
        share = 0.8 * draws[:, :1] + 0.2 * draws[:, 1:]
        ends = np.array([COLOURS[name] for name in names]) / 255
        return ends[:, 0] + share * (ends[:, 1] - ends[:, 0])

    def _clutter(self, stream: str, indices: np.ndarray, grey: np.ndarray) -> np.ndarray:
        """Returns rectangles (N, CLUTTER, 4 + C) of colours near the background's grey (N, 1)."""
        draws = uniform_numbers(f'{stream} clutter', indices, 8 * CLUTTER).reshape(-1, CLUTTER, 8)
        sides = 0.1 + 0.4 * draws[..., 2:4]
        corner = draws[..., :2] * 1.2 - 0.1 - sides / 2
        colour = (grey[..., None] + 0.5 * (draws[..., 4:5] - 0.5) + 0.2 * (draws[..., 5:8] - 0.5)).clip(0, 1)
        if self._channels == 1:
            colour = to_luma(colour)
        return np.concatenate([corner, sides, colour], axis=-1)


def _to_uint8(values: Tensor) -> Tensor:
    return (values * 255 + 0.5).to(torch.uint8)


def _between(limits: Sequence[float], share: np.ndarray) -> np.ndarray:
    return limits[0] + share * (limits[1] - limits[0])


def _range(key: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    try:
        first, last = value
    except (TypeError, ValueError):
        raise ValueError(f'dataset.{key}={value!r} must be two numbers, the lowest and the highest') from None
    if not low <= first <= last <= high:
        raise ValueError(f'dataset.{key}={tuple(value)} must be two increasing numbers in [{low}, {high}]')
    return float(first), float(last)


def _check_name(key: str, value: object, known: Sequence) -> None:
    if value not in known:
        hint = suggest(value, list(known)) if isinstance(value, str) else ''
        raise ValueError(f'dataset.{key}={value!r} is not one of {tuple(known)}.{hint}')


def _names(key: str, given: str | Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Checks a list of names; a single name is a list of one."""
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        _check_name(key, name, known)
    if not names or len(set(names)) < len(names):
        raise ValueError(f'dataset.{key}={names} must hold at least one name, and none twice')
    return names
