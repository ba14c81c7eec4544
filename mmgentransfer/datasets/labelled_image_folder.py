"""Images of a folder of classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..registry import DATASETS, suggest
from .image_dataset import ImageDataset
from .image_files import EXTENSIONS, ImageFiles, find_folder, list_images, load_files, shorten
from .image_folder import default_pipeline
from .subsets import nested_subset

__all__ = ['LabelledImageFolder']


@DATASETS.register_module()
class LabelledImageFolder(ImageDataset):
    """The images of a folder with one folder a class in it, with their labels.

    The files are ``data_root/<class>/...`` or, with a split, ``data_root/<class>/<split>/...``.

    Args:
        data_root: The folder.
        image_size: Side of the images, in pixels.
        split: Name of the folder, in each class, to take; ``None`` takes all that a class has.
        class_order: The classes to take, label 0 first; all of them in alphabetical order by default.
        num_per_class: Takes this many of each class, a nested subset (see
            :func:`~mmgentransfer.datasets.nested_subset`).
        channels, seed, cache, check, resize, pipeline, extensions, with_indices: As for
            :class:`~mmgentransfer.datasets.ImageFolder`.
        skip: Leaves out the first ones of each class's permutation: ``skip=n`` shares nothing with
            ``num_per_class=n``.

    Attributes:
        files: The files chosen; ``files.path(i)`` is the path of image i.

    Raises:
        OSError: ``data_root``, or the split of a class, is missing, is no folder or can't be read.
        ValueError: A class is unknown, has no images or fewer than asked for, files can't be used, or an argument is
            wrong.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        image_size: int,
        split: str | None = None,
        class_order: Sequence[str] | None = None,
        channels: int = 3,
        num_per_class: int | None = None,
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
        classes = _ordered_classes(root, class_order)
        names: list[str] = []
        counts = []
        for part in _class_folders(root, classes, split):
            found = list_images(root / part, extensions, 'dataset.data_root')
            what = f'images in {root / part}'
            chosen = nested_subset(
                np.arange(len(found)), num_per_class, seed, skip, key='dataset.num_per_class', what=what
            )
            names += [f'{part}/{found[i]}' for i in chosen]
            counts.append(len(chosen))
        pipeline = default_pipeline(image_size, channels, resize) if pipeline is None else pipeline
        self.files = ImageFiles(root, names, pipeline, image_size, channels)
        labels = torch.repeat_interleave(torch.arange(len(classes)), torch.tensor(counts))
        super().__init__(load_files(self.files, cache, check), labels, classes, with_indices)


def _ordered_classes(root: Path, class_order: Sequence[str] | None) -> list[str]:
    """Returns the names of the classes in the order of their labels."""
    there = sorted(e.name for e in root.iterdir() if e.is_dir() and not e.name.startswith('.'))
    if not there:
        raise ValueError(f'dataset.data_root={str(root)!r} has no folder in it: one folder a class is needed')
    if class_order is None:
        return there
    for name in class_order:
        if name not in there:
            hint = suggest(name, there) or f' There are: {", ".join(there[:20])}{", ..." if len(there) > 20 else ""}.'
            raise ValueError(f'dataset.class_order names {name!r}, which is no folder in {root}.{hint}')
    if not class_order or len(set(class_order)) != len(class_order):
        raise ValueError(f'dataset.class_order={list(class_order)} must name at least one class, and each only once')
    return list(class_order)


def _class_folders(root: Path, classes: Sequence[str], split: str | None) -> list[str]:
    """Returns each class's folder of images, relative to ``root``."""
    if split is None:
        return list(classes)
    folders = [f'{name}/{split}' for name in classes]
    missing = [folder for folder in folders if not (root / folder).is_dir()]
    if missing:
        hint = ''
        if (root / split).is_dir():
            hint = f' {root / split} exists: if it holds the classes, name it as dataset.data_root without a split.'
        raise FileNotFoundError(
            f'dataset.split={split!r}: {len(missing)} of {len(classes)} classes in {root} have no such folder.'
            f'{hint}{shorten(missing)}'
        )
    return folders
