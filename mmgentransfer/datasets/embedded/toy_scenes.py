"""Rendered scenes with aligned colour, depth, labels and near-infrared: nothing to download."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...registry import DATASETS, suggest
from ..aligned import AlignedDataset

__all__ = ['SCENE_CLASSES', 'ToyScenes', 'render_scenes']

SCENE_CLASSES = ('wall', 'floor', 'disc', 'box', 'triangle', 'ring', 'cross', 'post')
PALETTE = np.array(
    [
        (0.75, 0.72, 0.65),
        (0.45, 0.35, 0.25),
        (0.85, 0.25, 0.25),
        (0.25, 0.45, 0.85),
        (0.25, 0.75, 0.35),
        (0.85, 0.75, 0.25),
        (0.65, 0.35, 0.75),
        (0.30, 0.70, 0.75),
    ],
    np.float32,
)
INFRARED = np.array([0.55, 0.25, 0.80, 0.40, 0.95, 0.65, 0.15, 0.70], np.float32)
SPLIT_KEYS = {'train': 0, 'test': 1}
CHUNK = 256  # scenes rendered at a time, which bounds the memory
NUMBERS = 9  # random numbers of an object


def render_scenes(
    indices: Sequence[int],
    image_size: int = 32,
    seed: int = 0,
    shapes: Sequence[str] = ('disc', 'box', 'triangle'),
    num_objects: tuple[int, int] = (2, 4),
    clutter: int = 0,
) -> dict[str, np.ndarray]:
    """Renders scenes: a wall, a floor, and objects that stand before them and before each other.

    A scene follows from ``seed`` and its index alone. Distances are in metres. Objects are painted from far to near;
    discs bulge, triangles lean. Colours are those of the class, jittered by scene, times light and a shading that
    falls with depth, plus noise.

    Args:
        indices: Numbers of the scenes.
        image_size: Side S.
        seed: Which world.
        shapes: Kinds of objects, of ``SCENE_CLASSES``; a label is the place of its class in ``('wall', 'floor',
            *shapes)``.
        num_objects: Smallest and largest number of objects.
        clutter: Number of small objects in addition.

    Returns:
        ``rgb`` uint8 (N, 3, S, S), ``depth`` float32 (N, 1, S, S) in metres, ``segmentation`` uint8 (N, S, S), ``nir``
        uint8 (N, 1, S, S).
    """
    parts = [
        _render(np.asarray(indices[i : i + CHUNK]), image_size, seed, shapes, num_objects, clutter)
        for i in range(0, len(indices), CHUNK)
    ]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _render(
    indices: np.ndarray, side: int, seed: int, shapes: Sequence[str], num_objects: tuple[int, int], clutter: int
) -> dict[str, np.ndarray]:
    most, num_classes = num_objects[1] + clutter, 2 + len(shapes)
    uniform, rgb_noise, nir_noise = _random(indices, seed, 8 + 3 * len(PALETTE) + NUMBERS * most, side)
    scene, jitter, objects = np.split(uniform, [8, 8 + 3 * len(PALETTE)], axis=1)
    objects = objects.reshape(len(indices), most, NUMBERS)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)

    low, high = side * 3 // 8, side * 5 // 8 - 1
    horizon = (low + np.floor(scene[:, 0] * (high - low + 1)))[:, None, None]
    wall = (4 + 2 * scene[:, 1])[:, None, None]
    along = np.clip((rows - horizon) / (side - 1 - horizon), 0, 1)
    depth = np.where(rows < horizon, wall, wall + along * (1.5 - wall)).astype(np.float32)
    labels = np.broadcast_to((rows >= horizon).astype(np.uint8), depth.shape).copy()

    count = num_objects[0] + np.floor(scene[:, 2] * (num_objects[1] - num_objects[0] + 1)).astype(int)
    present = np.arange(most) < count[:, None]
    present[:, num_objects[1] :] = True
    radius = side * (0.12 + 0.12 * objects[..., 1])
    radius[:, num_objects[1] :] *= 0.35
    distance = np.where(present, 1.5 + 2.5 * objects[..., 0], -np.inf)
    order = np.argsort(-distance, axis=1)
    for place in range(most):
        which = np.take_along_axis(order, np.full((len(indices), 1), place), 1)
        mine = np.take_along_axis(objects, which[..., None], 1)[:, 0]
        r = np.take_along_axis(radius, which, 1)[:, 0][:, None, None]
        z = np.take_along_axis(distance, which, 1)[:, 0][:, None, None]
        x = r + mine[:, 2][:, None, None] * (side - 1 - 2 * r)
        y = r + mine[:, 3][:, None, None] * (side - 1 - 2 * r)
        kind = np.minimum((mine[:, 4] * len(shapes)).astype(int), len(shapes) - 1)
        for number, shape in enumerate(shapes):  # only the scenes whose object at this place is of this shape
            mine = np.flatnonzero((kind == number) & np.isfinite(z[:, 0, 0]))
            inside, surface = _object(shape, (columns - x[mine]) / r[mine], (rows - y[mine]) / r[mine], z[mine])
            depth[mine] = np.where(inside, surface, depth[mine])
            labels[mine] = np.where(inside, 2 + number, labels[mine])

    classes = [0, 1, *(SCENE_CLASSES.index(shape) for shape in shapes)]
    colours = PALETTE[classes] + 0.36 * (jitter.reshape(len(indices), -1, 3)[:, :num_classes] - 0.5)
    light = (0.7 + 0.4 * scene[:, 3])[:, None, None]
    shading = light * np.clip(1.15 - 0.08 * depth, 0.5, 1.1)
    scenes = np.arange(len(indices))[:, None, None]
    rgb = np.stack([colours[scenes, labels, channel] for channel in range(3)], 1) * shading[:, None] + 0.04 * rgb_noise
    nir = INFRARED[classes][labels] * shading + 0.05 * nir_noise
    return dict(
        rgb=_bytes(rgb),
        depth=depth[:, None].astype(np.float32),
        segmentation=labels,
        nir=_bytes(nir[:, None]),
    )


def _random(indices: np.ndarray, seed: int, num: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns each scene's uniform numbers (N, num) and normal ones (N, 3, S, S) and (N, S, S), from its own stream."""
    uniform = np.empty((len(indices), num), np.float32)
    noise = np.empty((len(indices), 4, side, side), np.float32)
    for row, index in enumerate(indices):
        stream = np.random.Generator(np.random.Philox(key=[seed, int(index)]))
        stream.random(out=uniform[row], dtype=np.float32)
        stream.standard_normal(out=noise[row], dtype=np.float32)
    return uniform, noise[:, :3], noise[:, 3]


def _object(shape: str, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which pixels (N, S, S) objects of one shape cover and their depth; x and y are in units of the radius."""
    if shape == 'disc':
        square = x * x + y * y
        return square < 1, z - 0.6 * np.sqrt(np.clip(1 - square, 0, None))
    if shape == 'box':
        return (np.abs(x) < 0.85) & (np.abs(y) < 0.85), z
    if shape == 'triangle':
        return (y > -1) & (y < 0.8) & (np.abs(x) < (y + 1) / 1.8), z + 0.3 * y
    if shape == 'ring':
        square = x * x + y * y
        return (square < 1) & (square > 0.3), z - 0.2 * square
    if shape == 'cross':
        thin, long = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
        return (thin < 0.28) & (long < 0.95), z
    return (np.abs(x) < 0.22) & (np.abs(y) < 1), z - 0.2 * np.sqrt(np.clip(1 - (x / 0.22) ** 2, 0, 1))  # post


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


@DATASETS.register_module()
class ToyScenes(AlignedDataset):
    """Rendered scenes with ``rgb``, ``depth``, ``segmentation`` and ``nir``, rendered once into memory.

    The classes are wall, floor and the ``shapes``. Scene i is the same whatever the number of scenes.

    Args:
        num_scenes: Number of scenes.
        image_size: Side in pixels.
        split: 'train' or 'test', which have no scene in common.
        shapes: Kinds of objects: 'disc', 'box', 'triangle', 'ring', 'cross', 'post'.
        num_objects: Smallest and largest number of objects in a scene.
        clutter: Number of small objects in addition, for finer structure.
        modalities: The modalities to offer.
        seed: Which world.

    Raises:
        ValueError: An unknown split, shape or modality, or numbers out of range.
    """

    def __init__(
        self,
        num_scenes: int,
        image_size: int = 32,
        split: str = 'train',
        shapes: Sequence[str] = ('disc', 'box', 'triangle'),
        num_objects: tuple[int, int] = (2, 4),
        clutter: int = 0,
        modalities: Sequence[str] = ('rgb', 'depth', 'segmentation'),
        seed: int = 0,
    ) -> None:
        if split not in SPLIT_KEYS:
            raise ValueError(f'dataset.split={split!r} is unknown; splits are {list(SPLIT_KEYS)}')
        known = SCENE_CLASSES[2:]
        for shape in shapes:
            if shape not in known:
                raise ValueError(f'dataset.shapes has {shape!r}; there are {known}.{suggest(shape, known)}')
        if num_scenes < 1 or image_size < 16:
            raise ValueError(f'dataset.num_scenes={num_scenes} must be at least 1, image_size={image_size} at least 16')
        if not 1 <= num_objects[0] <= num_objects[1] or clutter < 0:
            raise ValueError(f'dataset.num_objects={tuple(num_objects)} must be a range from 1, clutter={clutter} >= 0')
        self.class_names = ['wall', 'floor', *shapes]
        # the split is a part of the seed, so that scenes of both never meet whatever their number
        rendered = render_scenes(
            range(num_scenes), image_size, 2 * seed + SPLIT_KEYS[split], shapes, tuple(num_objects), clutter
        )
        for name in modalities:
            if name not in rendered:
                raise ValueError(f'dataset.modalities has {name!r}; there are {list(rendered)}')
        self._tensors: dict[str, Tensor] = {name: torch.from_numpy(rendered[name]) for name in modalities}
        super().__init__(list(modalities), num_scenes)

    def load(self, indices: Sequence[int], modalities: Sequence[str]) -> dict[str, Tensor]:
        """Returns the scenes' tensors by modality."""
        index = torch.as_tensor(indices)
        return {name: self._tensors[name][index] for name in modalities}
