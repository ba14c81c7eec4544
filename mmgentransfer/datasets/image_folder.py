"""Images of a folder, without labels."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..registry import DATASETS, suggest
from .image_dataset import ImageDataset
from .image_files import EXTENSIONS, ImageFiles, find_folder, list_images, load_files, shorten
from .subsets import nested_subset

__all__ = ['ImageFolder', 'default_pipeline']


def default_pipeline(image_size: int | Sequence[int], channels: int, resize: str) -> list[dict[str, Any]]:
    """Returns the transforms of an image folder that names none of its own: decode, then resize."""
    return [
        {'type': 'DecodeImage', 'channels': channels},
        {'type': 'ResizeToSize', 'size': image_size, 'mode': resize},
    ]


@DATASETS.register_module()
class ImageFolder(ImageDataset):
    """The images of a folder and of the folders inside it, brought to one size.

    Files are sorted by path, so that a subset is the same on every system. Files that are no image, are cut short or
    can't be read are named in one error when the dataset is built. How odd files are read (grey, palette,
    transparency, 16 bits, EXIF) is told at :func:`~mmgentransfer.datasets.transforms.decode_image`.

    Args:
        data_root: The folder.
        image_size: Side of the images, in pixels, or their (height, width).
        split: A part of the folder: the file ``<split>.txt`` in it, with one relative path a line, if there is one, or
            else the folder ``<split>`` in it.
        channels: 3 (RGB) or 1 (grey).
        num_images: Takes this many, a nested subset (see :func:`~mmgentransfer.datasets.nested_subset`).
        seed: Seed of the subset.
        skip: Leaves out the first ones of the subset's permutation: ``skip=n`` shares nothing with ``num_images=n``.
        cache: 'ram' decodes each image once and keeps it, a byte for each channel of a pixel; 'none' decodes it
            whenever it is asked for.
        check: With ``cache='none'``: 'decode' decodes each file once at the start, to find damaged ones before
            training; 'none' leaves that out, for huge sets that are known to be sound.
        resize: 'crop' resizes an image so that it just covers the size, its shorter side if that is a square, and cuts
            out the centre; 'stretch' resizes both sides.
        pipeline: Configs of transforms, mmcv's or your own, that take the place of decoding and resizing; they start
            with ``img_path`` and must end with ``img`` of the size and channels above, BGR as everywhere in mmcv. They
            should not be random: with ``cache='ram'`` they are applied once.
        extensions: Endings of the files to take.
        with_indices: Whether items have ``indices``, their place 0..N-1 in the set.

    Attributes:
        files: The files chosen; ``files.path(i)`` is the path of image i.

    Raises:
        OSError: ``data_root`` or the split is missing, is no folder or can't be read.
        ValueError: There are no images or fewer than ``num_images``, files can't be used, or an argument is wrong.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        image_size: int | Sequence[int],
        split: str | None = None,
        channels: int = 3,
        num_images: int | None = None,
        seed: int = 0,
        skip: int = 0,
        cache: str = 'ram',
        check: str = 'decode',
        resize: str = 'crop',
        pipeline: Sequence[dict[str, Any]] | None = None,
        extensions: Sequence[str] = EXTENSIONS,
        with_indices: bool = False,
    ) -> None:
        root = find_folder(data_root, 'dataset.data_root')
        names = np.array(_split_names(root, split, extensions), dtype=object)
        chosen = nested_subset(np.arange(len(names)), num_images, seed, skip, what=f'images in {root}')
        pipeline = default_pipeline(image_size, channels, resize) if pipeline is None else pipeline
        self.files = ImageFiles(root, names[chosen], pipeline, image_size, channels)
        super().__init__(load_files(self.files, cache, check), with_indices=with_indices)


def _split_names(root: Path, split: str | None, extensions: Sequence[str]) -> list[str]:
    """Returns the sorted paths, relative to ``root``, of the images that belong to the split."""
    if split is None:
        return list_images(root, extensions, 'dataset.data_root')
    listing = root / f'{split}.txt'
    if listing.is_file():
        return _read_listing(root, listing)
    if not (root / split).is_dir():
        known = sorted([e.name for e in root.iterdir() if e.is_dir()] + [e.stem for e in root.glob('*.txt')])
        there = f'it has the parts {", ".join(known)}' if known else 'set dataset.split=None to take the whole folder'
        raise FileNotFoundError(
            f'dataset.split={split!r}: {root} has neither a file {split}.txt nor a folder {split}; {there}.'
            f'{suggest(split, known)}'
        )
    folder = find_folder(root / split, 'dataset.split')
    return [f'{split}/{name}' for name in list_images(folder, extensions, 'dataset.split')]


def _read_listing(root: Path, listing: Path) -> list[str]:
    """Reads a split's list of files, blank lines left out, and checks that each is there, once."""
    lines = [line.strip() for line in listing.read_text(encoding='utf-8').splitlines()]
    names = sorted(line for line in lines if line)
    if not names:
        raise ValueError(f'{listing} (dataset.split) is empty: write one path a line, relative to {root}')
    twice = sorted({a for a, b in itertools.pairwise(names) if a == b})
    if twice:
        raise ValueError(f'{listing} (dataset.split) names {len(twice)} files more than once:{shorten(twice)}')
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f'{listing} (dataset.split) names {len(names)} files, of which {len(missing)} are not in {root}:'
            f'{shorten(missing)}'
        )
    return names
