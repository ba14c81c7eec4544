"""Anti-aliased drawing of many objects at a time: shapes, textures and backgrounds, for :class:`ToyObjects`.

Pixels are computed by operations that IEEE 754 rounds exactly (no sine, no exponential), and random numbers are a
function of their position in a stream. So an image does not depend on how many are drawn with it, or on the machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = [
    'BACKGROUNDS',
    'COLOURS',
    'HUES',
    'LATTICE',
    'SHAPES',
    'TEXTURES',
    'ObjectScene',
    'draw_scene',
    'hsv_to_rgb',
    'normal_numbers',
    'to_luma',
    'uniform_numbers',
]

# Darkest and lightest RGB value of each of the eleven basic colour terms of English, and turquoise.
COLOURS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    'black': ((0, 0, 0), (30, 30, 30)),
    'blue': ((10, 30, 140), (60, 90, 255)),
    'brown': ((85, 45, 15), (130, 75, 40)),
    'green': ((0, 100, 20), (60, 200, 70)),
    'grey': ((85, 85, 85), (130, 130, 130)),
    'orange': ((225, 105, 0), (255, 145, 40)),
    'pink': ((235, 130, 170), (255, 175, 210)),
    'purple': ((90, 20, 130), (150, 70, 200)),
    'red': ((150, 0, 0), (255, 50, 50)),
    'turquoise': ((20, 165, 160), (90, 225, 215)),
    'white': ((255, 255, 255), (255, 255, 255)),
    'yellow': ((220, 195, 0), (255, 240, 80)),
}
# Degrees of those with a hue.
HUES = dict(red=0, orange=28, yellow=60, green=120, turquoise=175, blue=220, purple=275, pink=330)
BACKGROUNDS = ('black', 'plain', 'gradient', 'cluttered')

# 16 noise cells a side; the lattice has one value more
LATTICE = 17
_GOLDEN, _MIX1, _MIX2 = (np.uint64(v) for v in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def uniform_numbers(stream: str, indices: np.ndarray, columns: int) -> np.ndarray:
    """Returns random numbers that depend on nothing but the stream's name, the index and the column.

    Args:
        stream: Name of the stream.
        indices: int64 (N,), at least 0.
        columns: How many numbers each index has.

    Returns:
        float64 (N, columns) in [0, 1).
    """
    return (_random_bits(stream, indices, columns) >> np.uint64(11)) * 2.0**-53


def normal_numbers(stream: str, indices: np.ndarray, columns: int) -> np.ndarray:
    """Returns numbers, float32 (N, columns), of mean 0 and variance 1, as :func:`uniform_numbers` does.

    Each is the sum of four uniform numbers: close to normal, and within 3.5 of the mean.
    """
    quarters = _random_bits(stream, indices, columns).view(np.uint16).reshape(len(indices), columns, 4)
    return ((quarters.sum(-1, dtype=np.int32) - 2 * 0xFFFF) * np.float32(3**0.5 / 0x10000)).astype(np.float32)


def _random_bits(stream: str, indices: np.ndarray, columns: int) -> np.ndarray:
    """Returns uint64 (N, columns): the generator SplitMix64, started at each position of its sequence."""
    key = np.frombuffer(hashlib.sha256(stream.encode()).digest()[:8], dtype='<u8')[0]
    counters = indices.astype(np.uint64)[:, None] * np.uint64(columns) + np.arange(1, columns + 1, dtype=np.uint64)
    z = key + counters * _GOLDEN  # wraps around, as it should
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


def to_luma(rgb: np.ndarray) -> np.ndarray:
    """Returns the ITU-R 601 luma (..., 1) of colours (..., 3)."""
    return (rgb * (0.299, 0.587, 0.114)).sum(-1, keepdims=True)


def hsv_to_rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Returns the colours (N, 3) of hues in degrees, saturations and values in [0, 1], (N,) each."""
    place = (np.array([5.0, 3.0, 1.0]) + hue[:, None] / 60) % 6
    return value[:, None] * (1 - saturation[:, None] * np.minimum(place, 4 - place).clip(0, 1))


# ---------------------------------------------------------------------- shapes
# Each takes coordinates in which the object's circumscribed circle has radius 1 (x to the right, y down) and returns
# the signed distance to the edge, negative inside. Corners of polygons are mitred: their edges are straight lines.


def _disc(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt() - 1


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return ((x * x + y * y).sqrt() - 0.75).abs() - 0.25


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.70710678


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs() * 0.8660254 - y * 0.5, y) - 0.5


def _hexagon(x: Tensor, y: Tensor) -> Tensor:
    x = x.abs()
    return torch.maximum(x, x * 0.5 + y.abs() * 0.8660254) - 0.8660254


def _star(x: Tensor, y: Tensor) -> Tensor:
    # A pentagram is what at most one of a pentagon's five edges cuts off, so its distance is the second largest. With
    # x >= 0, four of the five can be that.
    x = x.abs()
    first, second = -y, x * 0.95105652 - y * 0.30901699
    first, second = torch.maximum(first, second), torch.minimum(first, second)
    down = y * 0.80901699
    for side in (x * 0.58778525 + down, down - x * 0.58778525):
        second = torch.maximum(second, torch.minimum(first, side))
        first = torch.maximum(first, side)
    return second - 0.30901699


def _cross(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs(), y.abs()
    return torch.maximum(torch.maximum(x, y) - 0.95, torch.minimum(x, y) - 0.3)


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    hollow = ((x - 0.45) * (x - 0.45) + y * y).sqrt() - 0.75
    return torch.maximum((x * x + y * y).sqrt() - 1, -hollow)


def _bag(x: Tensor, y: Tensor) -> Tensor:
    # a body that widens towards the bottom, and half a ring on top of it as handle
    x = x.abs()
    sides = (x - 0.15 * y) * 0.98893635 - 0.6
    body = torch.maximum(torch.maximum(-0.2 - y, y - 0.7), sides)
    top = y + 0.2
    handle = torch.maximum(((x * x + top * top).sqrt() - 0.45).abs() - 0.11, top)
    return torch.minimum(body, handle)


SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    'bag': _bag,
    'crescent': _crescent,
    'cross': _cross,
    'disc': _disc,
    'hexagon': _hexagon,
    'ring': _ring,
    'square': _square,
    'star': _star,
    'triangle': _triangle,
}

# ---------------------------------------------------------------------- textures
# Each takes coordinates in pixels along the texture's axes and its period, and returns the share of the second tone.


def _coverage(distance: Tensor) -> Tensor:
    """Turns a distance in pixels to an edge into the share of the pixel that lies inside."""
    return (0.5 - distance).clamp_(0, 1)


def _bands(x: Tensor, period: Tensor) -> Tensor:
    phase = x / period
    return _coverage(((phase - phase.floor() - 0.5).abs() - 0.25) * period)


def _stripes(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    return _bands(x, period)


def _checks(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    columns, rows = _bands(x, period), _bands(y, period)
    return columns + rows - 2 * columns * rows


def _dots(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    x, y = x / period, y / period
    x, y = x - x.floor() - 0.5, y - y.floor() - 0.5
    return _coverage(((x * x + y * y).sqrt() - 0.33) * period)


_PATTERNS = {'stripes': _stripes, 'dots': _dots, 'checks': _checks}
TEXTURES = ('plain', *_PATTERNS, 'noise')

# ---------------------------------------------------------------------- scenes


@dataclass
class ObjectScene:
    """What a batch of N images shows; lengths are shares of the image's side, angles in radians, colours in [0, 1].

    Args:
        shapes: Name of each shape (N,).
        textures: Name of each texture (N,).
        radius: Of the circumscribed circle (N,).
        centre: Column and row (N, 2).
        rotation: Of the object (N,), clockwise.
        tones: First and second tone (N, 2, C).
        pattern: The texture's angle, and its offset along both axes in periods (N, 3).
        period: Of the texture (N,).
        shading: Change of brightness from the centre to the circle's edge, along the columns and rows (N, 2).
        background: Colours of the background at its centre (N, C).
        slope: Change of the background from the centre to the border, along the columns and rows (N, 2).
        lattice: For the texture 'noise': (N, LATTICE, LATTICE) in [0, 1).
        clutter: Rectangles in front of the background (N, K, 4 + C): left, top, width, height, colour; or None.
    """

    shapes: np.ndarray
    textures: np.ndarray
    radius: np.ndarray
    centre: np.ndarray
    rotation: np.ndarray
    tones: np.ndarray
    pattern: np.ndarray
    period: np.ndarray
    shading: np.ndarray
    background: np.ndarray
    slope: np.ndarray
    lattice: np.ndarray
    clutter: np.ndarray | None = None


def draw_scene(scene: ObjectScene, size: int) -> tuple[Tensor, Tensor]:
    """Draws a batch of scenes.

    Args:
        scene: What to draw.
        size: Side of the images in pixels.

    Returns:
        Images, float32 (N, C, size, size) in [0, 1], and the share of each pixel that the object covers, float32
        (N, 1, size, size).
    """
    pixels = torch.arange(size, dtype=torch.float32) + 0.5
    # pixels from the object's centre
    columns = pixels - _float(scene.centre[:, :1] * size)
    rows = pixels - _float(scene.centre[:, 1:] * size)
    x, y = _rotated(columns, rows, scene.rotation)
    radius = _per_image(scene.radius * size)

    mask = torch.empty_like(x)
    for shape in np.unique(scene.shapes):
        which = torch.from_numpy(scene.shapes == shape)
        r = radius[which]
        mask[which] = _coverage(SHAPES[shape](x[which] / r, y[which] / r) * r)

    image = _background(scene, size)
    tones = _float(scene.tones)[:, :, :, None, None]
    body = _second_tone(scene, columns, rows, size)[:, None] * (tones[:, 1] - tones[:, 0]) + tones[:, 0]
    if scene.shading.any():
        towards = _float(scene.shading)
        light = towards[:, :1, None] * columns[:, None, :] + towards[:, 1:, None] * rows[:, :, None]
        body = body * (light / radius + 1)[:, None]
    mask = mask[:, None]
    return (image + mask * (body - image)).clamp_(0, 1), mask


def _float(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def _per_image(values: np.ndarray) -> Tensor:
    return _float(values)[:, None, None]


def _rotated(columns: Tensor, rows: Tensor, angle: np.ndarray) -> tuple[Tensor, Tensor]:
    """Returns the coordinates (N, S, S) along axes that are turned clockwise by ``angle``."""
    cos, sin = _float(np.cos(angle))[:, None], _float(np.sin(angle))[:, None]
    x = (cos * columns)[:, None, :] + (sin * rows)[:, :, None]
    y = (cos * rows)[:, :, None] - (sin * columns)[:, None, :]
    return x, y


def _second_tone(scene: ObjectScene, columns: Tensor, rows: Tensor, size: int) -> Tensor:
    share = torch.zeros(len(columns), size, size)
    for texture in np.unique(scene.textures):
        which = scene.textures == texture
        index = torch.from_numpy(which)
        if texture == 'noise':
            share[index] = _enlarged(_float(scene.lattice[which]), size)
        elif texture != 'plain':
            period = scene.period[which] * size
            offset = _float(scene.pattern[which, 1:] * period[:, None])[:, :, None, None]
            x, y = _rotated(columns[index], rows[index], scene.pattern[which, 0])
            share[index] = _PATTERNS[texture](x + offset[:, 0], y + offset[:, 1], _per_image(period))
    return share


def _enlarged(lattice: Tensor, size: int) -> Tensor:
    """Interpolates a lattice linearly, from border to border; small images use its first cells, to stay coarse."""
    cells = min(LATTICE - 1, max(size // 4, 2))
    place = (torch.arange(size, dtype=torch.float32) + 0.5) * (cells / size)
    cell = place.floor()
    part, cell = place - cell, cell.long()
    lattice = lattice[:, cell] * (1 - part)[:, None] + lattice[:, cell + 1] * part[:, None]
    lattice = lattice[:, :, cell] * (1 - part) + lattice[:, :, cell + 1] * part
    return (lattice * 2 - 0.5).clamp_(0, 1)  # means of uniform numbers lie near 0.5: stretch them


def _background(scene: ObjectScene, size: int) -> Tensor:
    image = _float(scene.background)[:, :, None, None].expand(-1, -1, size, size)
    if scene.slope.any():
        place = (torch.arange(size, dtype=torch.float32) + 0.5) * (2 / size) - 1
        slope = _float(scene.slope)[:, :, None] * place
        image = image + (slope[:, 0, None, :] + slope[:, 1, :, None])[:, None]
    if scene.clutter is not None:
        pixels = torch.arange(size, dtype=torch.float32) + 0.5
        for rectangle in _float(scene.clutter).unbind(1):
            half = rectangle[:, 2:4] * (size / 2)
            middle = rectangle[:, :2] * size + half
            inside = _coverage((pixels - middle[:, :, None]).abs() - half[:, :, None])
            inside = (inside[:, 0, None, :] * inside[:, 1, :, None])[:, None]
            image = image + inside * (rectangle[:, 4:, None, None] - image)
    return image
