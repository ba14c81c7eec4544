"""Images of a folder of classes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
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
        image_size: Side of the images, in pixels, or their (height, width).
        split: Name of the folder, in each class, to take; ``None`` takes all that a class has.
        class_order: The classes to take, label 0 first; all of them in alphabetical order by default.
        num_per_class: Takes this many of each class, a nested subset (see
            :func:`~mmgentransfer.datasets.nested_subset`).
        mixture: In place of ``class_order`` and ``num_per_class``, the number of images by class, label 0 first:
            ``{'cars': 60, 'buses': 140}``. Shares that sum to 1, such as ``{'cars': 0.3, 'buses': 0.7}``, take as many
            as there are in this proportion.
        labelled: Whether items have labels.
        channels, seed, cache, check, resize, pipeline, extensions, with_indices: As for
            :class:`~mmgentransfer.datasets.ImageFolder`.
        skip: Leaves out the first ones of each class's permutation: ``skip=n`` shares nothing with
            ``num_per_class=n``, nor with a mixture of at most n of each class.

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
        image_size: int | Sequence[int],
        split: str | None = None,
        class_order: Sequence[str] | None = None,
        channels: int = 3,
        num_per_class: int | None = None,
        mixture: Mapping[str, int | float] | None = None,
        labelled: bool = True,
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
        if mixture is not None and (class_order is not None or num_per_class is not None):
            raise ValueError(
                f'dataset.mixture={dict(mixture)} says which classes to take and how many of each: leave out '
                'dataset.class_order and dataset.num_per_class'
            )
        if mixture is None:
            key, classes = 'dataset.num_per_class', _ordered_classes(root, class_order, 'dataset.class_order')
        else:
            key, classes = 'dataset.mixture', _ordered_classes(root, list(mixture), 'dataset.mixture')
        folders = _class_folders(root, classes, split)
        found = [list_images(root / folder, extensions, 'dataset.data_root') for folder in folders]
        numbers: list[int | None] = [num_per_class] * len(classes)
        if mixture is not None:
            numbers = _mixture_counts(mixture, [len(files) - skip for files in found])
        names: list[str] = []
        counts = []
        for folder, files, number in zip(folders, found, numbers, strict=True):
            what = f'images in {root / folder}'
            chosen = nested_subset(np.arange(len(files)), number, seed, skip, key=key, what=what)
            names += [f'{folder}/{files[i]}' for i in chosen]
            counts.append(len(chosen))
        pipeline = default_pipeline(image_size, channels, resize) if pipeline is None else pipeline
        self.files = ImageFiles(root, names, pipeline, image_size, channels)
        labels = torch.repeat_interleave(torch.arange(len(classes)), torch.tensor(counts)) if labelled else None
        super().__init__(load_files(self.files, cache, check), labels, classes if labelled else [], with_indices)


def _mixture_counts(mixture: Mapping[str, int | float], available: Sequence[int]) -> list[int]:
    """Returns how many images of each class to take: the numbers of ``mixture``, or the most that its shares allow."""
    values = list(mixture.values())
    if all(isinstance(value, int) for value in values):
        return values
    if min(values) <= 0 or not math.isclose(sum(values), 1, abs_tol=1e-6):
        raise ValueError(
            f'dataset.mixture={dict(mixture)} must have a whole number of images for each class, or shares above 0 '
            'that sum to 1'
        )
    total = min(number / share for number, share in zip(available, values, strict=True))
    return [math.floor(total * share + 1e-6) for share in values]


def _ordered_classes(root: Path, class_order: Sequence[str] | None, key: str) -> list[str]:
    """Returns the names of the classes in the order of their labels."""
    there = sorted(e.name for e in root.iterdir() if e.is_dir() and not e.name.startswith('.'))
    if not there:
        raise ValueError(f'dataset.data_root={str(root)!r} has no folder in it: one folder a class is needed')
    if class_order is None:
        return there
    for name in class_order:
        if name not in there:
            hint = suggest(name, there) or f' There are: {", ".join(there[:20])}{", ..." if len(there) > 20 else ""}.'
            raise ValueError(f'{key} names {name!r}, which is no folder in {root}.{hint}')
    if not class_order or len(set(class_order)) != len(class_order):
        raise ValueError(f'{key}={list(class_order)} must name at least one class, and each only once')
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
