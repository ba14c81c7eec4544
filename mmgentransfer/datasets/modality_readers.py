"""Reading one modality of aligned samples: what a file's numbers mean, and how they are resized."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ..registry import TRANSFORMS
from .image_files import EXTENSIONS
from .transforms import decode_image

__all__ = [
    'DepthReader',
    'ImageReader',
    'LabelReader',
    'MapReader',
    'ModalityReader',
    'OpponentReader',
    'opponent_channels',
]

CROPS = ('center', 'left', 'stretch')
LOSSLESS = ('.png', '.bmp', '.tif', '.tiff')
FARTHEST, NEAREST = 100.0, 0.1  # metres: no depth camera's images have their median beyond


class ModalityReader:
    """Base of the readers.

    A subclass defines ``decode(path)``, which returns (H, W) or (H, W, C) and raises a ``ValueError`` with the reason
    alone if the file can't be used.

    Args:
        folder: Folder of the files below ``data_root``; None: the modality's name.

    Attributes:
        channels: Of the result (C, h, w); None for labels, (h, w).
        dtype: Of the result.
        smooth: Whether resizing may average values; else the nearest pixel is taken.
        extensions: Endings of the files.
    """

    channels: int | None = 1
    dtype: type = np.float32
    smooth = True
    extensions: tuple[str, ...] = EXTENSIONS

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns a file's values at their own size."""
        raise NotImplementedError

    def shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        """Returns the shape of a result of ``size``."""
        return size if self.channels is None else (self.channels, *size)

    def read(self, path: str | os.PathLike[str], size: tuple[int, int], crop: str) -> np.ndarray:
        """Returns a file's values at ``size`` (h, w), of the shape :meth:`shape` and the type ``dtype``."""
        values = resize_crop(self.decode(path), size, crop, self.smooth)
        return values if self.channels is None else np.moveaxis(np.atleast_3d(values), 2, 0)

    def doubt(self, values: np.ndarray) -> str | None:
        """Says what is odd about decoded values that can be used nevertheless."""
        return None

    def summary(self, values: np.ndarray) -> tuple[float, float] | None:
        """Returns the smallest and largest value that means something."""
        return (float(values.min()), float(values.max())) if values.size else None


def resize_crop(values: np.ndarray, size: tuple[int, int], crop: str, smooth: bool) -> np.ndarray:
    """Cuts out the largest part of the wanted proportions and resizes it.

    Args:
        values: (H, W) or (H, W, C).
        size: (h, w).
        crop: Where the part lies if the sides are not in proportion: 'center', or 'left' for the left of a wide one and
            the centre of a tall one; 'stretch' takes all and distorts it.
        smooth: The area average where it shrinks and bilinear where it grows; else the nearest pixel.
    """
    (height, width), (h, w) = values.shape[:2], size
    if crop != 'stretch':
        tall, wide = min(height, round(width * h / w)), min(width, round(height * w / h))
        top, left = (height - tall) // 2, 0 if crop == 'left' else (width - wide) // 2
        values = values[top : top + tall, left : left + wide]
        height, width = tall, wide
    if (height, width) == (h, w):
        return values
    if not smooth:
        # the pixel that holds the centre of the new one
        rows = ((2 * np.arange(h) + 1) * height) // (2 * h)
        columns = ((2 * np.arange(w) + 1) * width) // (2 * w)
        return values[rows[:, None], columns]
    shrinks = h <= height and w <= width
    return cv2.resize(
        np.ascontiguousarray(values), (w, h), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _open_numbers(path: str | os.PathLike[str]) -> np.ndarray:
    """Returns a file's numbers as they are: (H, W), of an array file or of an image with one channel."""
    try:
        if Path(path).suffix.lower() == '.npy':
            values = np.load(path, allow_pickle=False)
        else:
            with Image.open(path) as image:
                image.load()
                values = np.asarray(image)  # of a palette image the indices
    except UnidentifiedImageError as error:
        raise ValueError('zero bytes' if os.path.getsize(path) == 0 else 'not an image') from error
    except (OSError, SyntaxError, EOFError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno:
            raise ValueError(error.strerror) from error
        raise ValueError(f'truncated or damaged: {error}') from error
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[-1]):
        values = values[0] if values.shape[0] == 1 else values[..., 0]
    if values.ndim != 2:
        raise ValueError(f'one number a pixel is needed, (H, W), but the shape is {values.shape}')
    if values.dtype.kind not in 'buif':
        raise ValueError(f'numbers are needed, not {values.dtype}')
    return values


@TRANSFORMS.register_module()
class ImageReader(ModalityReader):
    """Reads colour or grey images of 8 bits by the rules of :func:`~mmgentransfer.datasets.transforms.decode_image`.

    Gives uint8 (C, h, w), RGB.

    Args:
        channels: 3 or 1.
        folder: Folder of the files below ``data_root``; None: the modality's name.

    Raises:
        ValueError: ``channels`` is another number.
    """

    dtype = np.uint8

    def __init__(self, channels: int = 3, folder: str | None = None) -> None:
        if channels not in (1, 3):
            raise ValueError(f'ImageReader.channels={channels} must be 1 or 3')
        super().__init__(folder)
        self.channels = channels

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns uint8 (H, W, C)."""
        return decode_image(path, self.channels)


@TRANSFORMS.register_module()
class MapReader(ModalityReader):
    """Reads maps of one number a pixel, such as thermal images of 16 bits or arrays (.npy).

    Gives float32 (1, h, w): ``value_range`` is mapped to [0, 1], and what lies beyond is clipped.

    Args:
        value_range: The numbers in the file that stand for 0 and 1.
        folder: Folder of the files below ``data_root``; None: the modality's name.

    Raises:
        ValueError: ``value_range`` does not increase.
    """

    extensions = ('.npy', *LOSSLESS)

    def __init__(self, value_range: tuple[float, float] = (0, 255), folder: str | None = None) -> None:
        low, high = value_range
        if not low < high:
            raise ValueError(f'MapReader.value_range={tuple(value_range)} must increase')
        super().__init__(folder)
        self.value_range = (float(low), float(high))

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns float32 (H, W) in [0, 1]."""
        low, high = self.value_range
        values = _open_numbers(path).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError('some values are NaN or infinite')
        return np.clip((values - low) / (high - low), 0, 1)

    def doubt(self, values: np.ndarray) -> str | None:
        """Says that all values lie at or beyond an end of the range."""
        if (values == 1).all() or (values == 0).all():
            return f'all values are at or beyond an end of value_range={self.value_range}'
        return None


@TRANSFORMS.register_module()
class DepthReader(ModalityReader):
    """Reads depth: images of 16 bits, or arrays (.npy).

    Gives float32 (1, h, w) in metres; 0, and what is negative, NaN or infinite in the file, is missing and becomes 0.
    Resizing takes the nearest pixel: a mean of near and far would be a surface that is not there.

    Args:
        scale: Metres of the number 1; None: 0.001, millimetres, for whole numbers and 1, metres, for others.
        folder: Folder of the files below ``data_root``; None: the modality's name.

    Raises:
        ValueError: ``scale`` is not positive.
    """

    smooth = False
    extensions = ('.npy', *LOSSLESS)

    def __init__(self, scale: float | None = None, folder: str | None = None) -> None:
        if scale is not None and not scale > 0:
            raise ValueError(f'DepthReader.scale={scale} must be positive: the metres of the number 1 in a file')
        super().__init__(folder)
        self.scale = scale

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns metres, float32 (H, W)."""
        values = _open_numbers(path)
        scale = self.scale or (1.0 if values.dtype.kind == 'f' else 1e-3)
        metres = values.astype(np.float32) * np.float32(scale)
        return np.where(np.isfinite(metres) & (metres > 0), metres, np.float32(0))

    def doubt(self, values: np.ndarray) -> str | None:
        """Says that no pixel has a depth, or that its unit is hardly metres."""
        measured = values[values > 0]
        if not measured.size:
            return 'no pixel has a depth'
        median = float(np.median(measured))
        if median > FARTHEST:
            return f'the median depth is {median:.4g} m: are these millimetres? Then set scale=0.001 (DepthReader)'
        if median < NEAREST:
            return f'the median depth is {median:.4g} m: does DepthReader.scale fit? Whole numbers are read as mm'
        return None

    def summary(self, values: np.ndarray) -> tuple[float, float] | None:
        """Returns the smallest and largest depth that was measured."""
        return super().summary(values[values > 0])


@TRANSFORMS.register_module()
class LabelReader(ModalityReader):
    """Reads class numbers: images with one channel, palette images (whose indices they are), or arrays (.npy).

    Gives uint8 (h, w). Resizing takes the nearest pixel.

    Args:
        num_classes: Labels are 0 to ``num_classes - 1``, and 255 for pixels to ignore.
        folder: Folder of the files below ``data_root``; None: the modality's name.

    Raises:
        ValueError: ``num_classes`` is not 1 to 255.
    """

    channels = None
    dtype = np.uint8
    smooth = False
    extensions = ('.npy', *LOSSLESS)

    def __init__(self, num_classes: int, folder: str | None = None) -> None:
        if not 1 <= num_classes <= 255:
            raise ValueError(f'LabelReader.num_classes={num_classes} must be 1 to 255')
        super().__init__(folder)
        self.num_classes = num_classes

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns uint8 (H, W)."""
        try:
            labels = _open_numbers(path)
        except ValueError as error:
            hint = '; labels are numbers, not colours' if 'one number' in str(error) else ''
            raise ValueError(f'{error}{hint}') from error
        wrong = ((labels < 0) | (labels >= self.num_classes)) & (labels != 255)
        if labels.dtype.kind == 'f' or wrong.any():
            found = sorted(np.unique(labels[wrong]).tolist())[:5] if wrong.any() else labels.dtype
            raise ValueError(
                f'its labels are {found}, while num_classes={self.num_classes} (LabelReader) has 0 to '
                f'{self.num_classes - 1}, and 255 to ignore'
            )
        return labels.astype(np.uint8)

    def doubt(self, values: np.ndarray) -> str | None:
        """Says that no pixel has a class."""
        return 'every pixel is ignored (255)' if (values == 255).all() else None

    def summary(self, values: np.ndarray) -> tuple[float, float] | None:
        """Returns the smallest and largest class."""
        return super().summary(values[values != 255])


def opponent_channels(rgb: np.ndarray) -> dict[str, Any]:
    """Splits RGB in [0, 1] into three representations (thesis eq. 4.14).

    Args:
        rgb: (..., 3).

    Returns:
        ``theta1`` = R - G and ``theta2`` = G - B, (...) in [-1, 1]; ``theta3``: the RGB values in [-1, 1], (..., 3).
    """
    red, green, blue = np.moveaxis(rgb, -1, 0)
    return dict(theta1=red - green, theta2=green - blue, theta3=2 * rgb - 1)


@TRANSFORMS.register_module()
class OpponentReader(ModalityReader):
    """Reads a colour image as one of its opponent channels (thesis eq. 4.14), see :func:`opponent_channels`.

    Gives float32 (1, h, w) in [-1, 1]. The third representation is the image itself: :class:`ImageReader`.

    Args:
        channel: ``'theta1'``, R - G, or ``'theta2'``, G - B.
        folder: Folder of the files below ``data_root``, usually that of the images; None: the modality's name.

    Raises:
        ValueError: ``channel`` is unknown.
    """

    def __init__(self, channel: Literal['theta1', 'theta2'], folder: str | None = None) -> None:
        if channel not in ('theta1', 'theta2'):
            raise ValueError(f"OpponentReader.channel={channel!r} is unknown: use 'theta1' or 'theta2'")
        super().__init__(folder)
        self.channel = channel

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns float32 (H, W)."""
        return opponent_channels(decode_image(path).astype(np.float32) / 255)[self.channel]
