"""Pictures of modalities that people can look at: coloured labels with a legend, depth and maps with a colour bar."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmgentransfer.models.methods.mmnets.modalities import DepthModality, Modality, SegmentationModality

__all__ = [
    'class_palette',
    'colour_labels',
    'colour_values',
    'draw_modality',
    'overlay_values',
    'paint_modality',
    'value_limits',
    'write_above',
    'write_beside',
]

# Twenty colours that are told apart, light and dark in turn so that this holds without hue as well.
_COLOURS = (
    (174, 199, 232), (140, 86, 75), (214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 187, 20), (148, 103, 189),
    (23, 190, 207), (255, 127, 14), (84, 84, 84), (247, 182, 210), (22, 84, 48), (188, 189, 34), (63, 23, 110),
    (152, 223, 138), (160, 20, 110), (219, 219, 141), (16, 52, 112), (158, 218, 229), (196, 156, 148),
)  # fmt: skip

NOTHING = (255, 255, 255)  # the colour of an ignored label and of a missing measurement
SMALLEST = 256  # pixels that the shorter side of a picture is blown up to
MARGIN = 8
FONT_SIZE = 14
LINE = 20
BAR = 18


def class_palette(num_classes: int) -> tuple[tuple[int, int, int], ...]:
    """Returns ``num_classes`` colours of 0 to 255, chosen by hand up to twenty, and evenly spaced hues beyond."""
    spare = max(0, num_classes - len(_COLOURS))
    hues = (colorsys.hsv_to_rgb(k / spare, 0.45 + 0.3 * (k % 2), 0.6 + 0.35 * (k // 2 % 2)) for k in range(spare))
    more = tuple(tuple(round(255 * part) for part in colour) for colour in hues)
    return (_COLOURS + more)[:num_classes]


def colour_labels(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Colours labels; what is no class, such as an ignored pixel, is white.

    Args:
        labels: Whole numbers (..., H, W).
        palette: A colour of 0 to 255 for each class.

    Returns:
        uint8 (..., H, W, 3).
    """
    colours = np.array([*palette, NOTHING], np.uint8)
    labels = np.asarray(labels).astype(np.int64)
    return colours[np.where((labels >= 0) & (labels < len(palette)), labels, len(palette))]


def colour_values(values: np.ndarray, low: float, high: float, missing: np.ndarray | None = None) -> np.ndarray:
    """Colours numbers from dark violet for ``low`` over green to yellow for ``high``.

    Args:
        values: (..., H, W); what lies beyond the ends has their colours.
        low: Smallest value.
        high: Largest value.
        missing: Which values are none, (..., H, W); they become white.

    Returns:
        uint8 (..., H, W, 3).
    """
    share = (np.nan_to_num(np.asarray(values, np.float32)) - low) / max(high - low, 1e-12)
    colours = _viridis()[np.rint(share.clip(0, 1) * 255).astype(np.uint8)]
    if missing is not None:
        colours[missing] = NOTHING
    return colours


def overlay_values(images: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Lays the colours of values, 0 to 1 as in :func:`colour_values`, half transparent over images.

    Args:
        images: uint8 (N, H, W, C), C = 1 or 3.
        values: (N, H, W).

    Returns:
        uint8 (N, H, W, 3).
    """
    heat = colour_values(values, 0.0, 1.0)
    return ((images.astype(np.uint16) + heat + 1) // 2).astype(np.uint8)


@lru_cache(1)
def _viridis() -> np.ndarray:
    """The colour map, uint8 (256, 3)."""
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)
    return np.ascontiguousarray(ramp[:, 0, ::-1])


def value_limits(modality: Modality, pixels: np.ndarray) -> tuple[float, float] | None:
    """Returns the ends of a colour bar: of depth the smallest and largest measured, of other maps the value range.

    Args:
        modality: What the pixels are.
        pixels: As files hold them, e.g. metres (N, H, W).

    Returns:
        (low, high); None for images and labels, which have no colour bar, and for several channels.
    """
    if isinstance(modality, SegmentationModality) or pixels.dtype == np.uint8 or modality.channels > 1:
        return None
    if modality.value_range is not None:
        return modality.value_range
    measured = pixels[~_missing(modality, pixels)]
    return (float(measured.min()), float(measured.max())) if measured.size else (0.0, 1.0)


def _missing(modality: Modality, pixels: np.ndarray) -> np.ndarray:
    missing = ~np.isfinite(pixels)
    if isinstance(modality, DepthModality) and modality.invalid_value is not None:
        missing |= pixels == modality.invalid_value
    return missing


def paint_modality(modality: Modality, pixels: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Colours what files of a modality hold, pixel by pixel.

    Args:
        modality: What the pixels are.
        pixels: As files hold them, (..., H, W[, C]): uint8 images, metres, labels, maps.
        limits: Values at the ends of the colours, of depth and maps with one channel; see :func:`value_limits`.

    Returns:
        uint8 (..., H, W, 3).
    """
    if isinstance(modality, SegmentationModality):
        return colour_labels(pixels, modality.palette or class_palette(modality.num_classes))
    limits = limits or value_limits(modality, pixels)
    if limits is not None:
        return colour_values(pixels, *limits, _missing(modality, pixels))
    if pixels.dtype != np.uint8:  # a map with several channels
        low, high = modality.value_range
        pixels = np.rint((pixels.clip(low, high) - low) * (255 / (high - low))).astype(np.uint8)
    if modality.channels == 1:
        return pixels[..., None].repeat(3, axis=-1)
    # of two channels the third colour is empty; of more than three, the first three are shown
    padding = [(0, 0)] * (pixels.ndim - 1) + [(0, max(0, 3 - modality.channels))]
    return np.pad(pixels, padding)[..., :3]


def draw_modality(modality: Modality, pixels: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Draws one sample: labels with a legend of the classes in it, depth and maps with a colour bar, images as such.

    Args:
        modality: What the pixels are.
        pixels: As a file holds them, (H, W[, C]).
        limits: As for :func:`paint_modality`.

    Returns:
        uint8 (height, width, 3); samples with sides under 256 pixels are blown up, pixel by pixel.
    """
    limits = limits or value_limits(modality, pixels)
    picture = paint_modality(modality, pixels, limits)
    factor = max(1, -(-SMALLEST // min(picture.shape[:2])))
    picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    if isinstance(modality, SegmentationModality):
        return _beside(picture, _legend(modality, pixels, picture.shape[0]))
    if limits is not None:
        unit = ' m' if isinstance(modality, DepthModality) else ''
        return _beside(picture, _colour_bar(*limits, unit, picture.shape[0], bool(_missing(modality, pixels).any())))
    return picture


def write_above(picture: np.ndarray, texts: Sequence[str], starts: Sequence[int]) -> np.ndarray:
    """Puts a line of texts over a picture (H, W, 3), each at its distance in pixels from the left edge.

    A text that would run into the next one moves to a second line.
    """
    font, ends, places = _font(), [0, 0], []
    for text, start in zip(texts, starts, strict=True):
        line = 0 if start >= ends[0] else 1
        ends[line] = start + font.getlength(text) + MARGIN
        places.append((start, line))
    head = Image.new('RGB', (picture.shape[1], LINE * (1 + max((line for _, line in places), default=0))), 'white')
    draw = ImageDraw.Draw(head)
    for text, (start, line) in zip(texts, places, strict=True):
        draw.text((start, LINE * line + 2), text, fill='black', font=font)
    return np.concatenate([np.asarray(head), picture])


def write_beside(texts: Sequence[str], step: int, height: int) -> np.ndarray:
    """Draws a column of texts, ``step`` pixels from one to the next, uint8 (height, width, 3)."""
    width = round(max(map(_font().getlength, texts), default=0)) + 2 * MARGIN
    column = Image.new('RGB', (width, height), 'white')
    draw = ImageDraw.Draw(column)
    for row, text in enumerate(texts):
        draw.text((MARGIN, row * step + step // 2), text, fill='black', font=_font(), anchor='lm')
    return np.asarray(column)


@lru_cache(1)
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(FONT_SIZE)


def _legend(modality: SegmentationModality, labels: np.ndarray, height: int) -> np.ndarray:
    """Draws the colours and names of the classes that occur, in as many columns as fit the height."""
    palette = modality.palette or class_palette(modality.num_classes)
    found = [label for label in np.unique(labels).tolist() if label < modality.num_classes]
    entries = [(tuple(palette[label]), modality.class_names[label]) for label in found]
    if (labels == modality.ignore_index).any():
        entries.append((NOTHING, 'ignored'))
    rows = max(1, (height - MARGIN) // LINE)
    parts = [entries[i : i + rows] for i in range(0, len(entries), rows)]
    widths = [round(LINE + max(_font().getlength(name) for _, name in part)) + 2 * MARGIN for part in parts]
    legend = Image.new('RGB', (sum(widths), max(height, LINE)), 'white')
    draw = ImageDraw.Draw(legend)
    for column, part in enumerate(parts):
        left = sum(widths[:column]) + MARGIN
        for row, (colour, name) in enumerate(part):
            top = MARGIN + row * LINE
            draw.rectangle((left, top, left + 13, top + 13), fill=colour, outline='black')
            draw.text((left + LINE, top - 1), name, fill='black', font=_font())
    return np.asarray(legend)


def _colour_bar(low: float, high: float, unit: str, height: int, has_missing: bool) -> np.ndarray:
    """Draws the colours with the smallest value at the bottom, and round numbers beside them."""
    bottom = height - MARGIN - (LINE + MARGIN if has_missing else 0)
    length = bottom - MARGIN
    ticks = _round_numbers(low, high, max(2, length // (2 * LINE)))
    texts = [f'{tick:g}{unit}' for tick in ticks]
    width = round(max([_font().getlength(text) for text in texts] + [_font().getlength('missing')])) + 4 * MARGIN
    bar = Image.new('RGB', (width + BAR, height), 'white')
    ramp = colour_values(np.linspace(high, low, length)[:, None].repeat(BAR, 1), low, high)
    bar.paste(Image.fromarray(ramp), (MARGIN, MARGIN))
    draw = ImageDraw.Draw(bar)
    right = MARGIN + BAR
    for tick, text in zip(ticks, texts, strict=True):
        y = bottom - 1 - round((tick - low) / max(high - low, 1e-12) * (length - 1))
        draw.line((right, y, right + 4, y), fill='black')
        draw.text((right + 7, min(max(y, MARGIN), bottom - 4)), text, fill='black', font=_font(), anchor='lm')
    if has_missing:
        top = bottom + MARGIN
        draw.rectangle((MARGIN, top, right - 1, top + 13), fill=NOTHING, outline='black')
        draw.text((right + 7, top - 1), 'missing', fill='black', font=_font())
    return np.asarray(bar)


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """Returns at most ``most`` + 1 multiples of 1, 2 or 5 times a power of ten in [low, high]."""
    if not high > low:
        return [round(low, 6)]
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(power * factor) for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(k * step, 10) for k in range(first, last + 1)] or [round(low, 6)]


def _beside(picture: np.ndarray, legend: np.ndarray) -> np.ndarray:
    height = max(len(picture), len(legend))
    parts = [np.pad(part, ((0, height - len(part)), (0, 0), (0, 0)), constant_values=255) for part in (picture, legend)]
    return np.concatenate(parts, axis=1)
