"""Reading image files, with one rule for every kind of pixel."""

from __future__ import annotations

import os

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageOps, UnidentifiedImageError

from ...registry import TRANSFORMS

__all__ = ['DecodeImage', 'decode_image']


def decode_image(path: str | os.PathLike[str], channels: int = 3) -> np.ndarray:
    """Reads an image file as 8-bit grey or RGB values.

    Pillow does the decoding: unlike OpenCV it refuses a file that ends too early, and it tells what its values mean.
    The rules: the EXIF orientation is applied; of an animation the first frame is taken; palettes are looked up;
    transparency is laid over white; of 16-bit values the high byte is kept; grey is repeated into three channels, and
    colours become grey by ITU-R 601 luma.

    Args:
        path: The file.
        channels: 1 or 3.

    Returns:
        uint8 (H, W, channels), RGB.

    Raises:
        ValueError: The file can't be read, has no bytes, is no image or is damaged; the message is the reason alone.
    """
    try:
        with Image.open(path) as image:
            ImageOps.exif_transpose(image, in_place=True)
            image.load()
            pixels = np.asarray(_to_grey_or_rgb(image, 'L' if channels == 1 else 'RGB'))
    except UnidentifiedImageError as error:
        raise ValueError('zero bytes' if os.path.getsize(path) == 0 else 'not an image') from error
    except OSError as error:
        # errors of the system have a number, those of Pillow's decoders only a text
        raise ValueError(error.strerror if error.errno else f'truncated or damaged: {error}') from error
    except (SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f'damaged: {error}') from error
    return pixels[..., None] if channels == 1 else pixels


def _to_grey_or_rgb(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == 'I' or image.mode.startswith('I;16'):
        # convert() would clip 16-bit values at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert(mode)
    if image.has_transparency_data:
        image = image.convert('RGBA')
        image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
    return image.convert(mode)


@TRANSFORMS.register_module()
class DecodeImage(BaseTransform):
    """Reads ``results['img_path']`` by the rules of :func:`decode_image`.

    Adds ``img``, uint8 (H, W, channels), in mmcv's order BGR, ``img_shape`` and ``ori_shape``.

    Args:
        channels: 1 or 3.
    """

    def __init__(self, channels: int = 3) -> None:
        self.channels = channels

    def transform(self, results: dict) -> dict:
        image = decode_image(results['img_path'], self.channels)
        results['img'] = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if self.channels == 3 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results
