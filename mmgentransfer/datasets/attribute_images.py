"""Images with the attributes that a table gives them."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..registry import DATASETS, suggest
from .attribute_table import AttributeTable
from .image_dataset import ImageDataset
from .image_files import ImageFiles, find_folder, load_files, shorten
from .image_folder import default_pipeline
from .subsets import nested_subset

__all__ = ['AttributeImages']

SPLITS = ('train', 'test')


@DATASETS.register_module()
class AttributeImages(ImageDataset):
    """Images that a table names, with their attributes as labels, with their classes, or with neither.

    The table is a CSV file with the header ``path,<attribute>...``, such as the manifests of ``mmgentransfer
    make-biased-set``, or a list in the format of CelebA, ``list_attr_celeba.txt``.

    Args:
        data_root: The folder that the table's paths are relative to.
        table: The table's file; a relative one is looked for in ``data_root`` first.
        image_size: Side of the images, in pixels, or their (height, width).
        selected: Attributes, each set or not: ``labels`` are int64 (N, C) of 0 and 1 in this order, ``classes`` their
            names.
        labelled: In place of ``selected``, the attribute whose values are classes: ``labels`` are int64 (N,).
        class_order: With ``labelled``, the values to take, label 0 first; all in alphabetical order by default.
        where: Conditions on attributes that an image must meet, see :meth:`AttributeTable.rows_where`.
        split: 'test' takes the first ``num_test`` images of a shuffle of the table's rows, 'train' the others, ``None``
            all. It is Python's own shuffle, so that of CelebA the test images are those of StarGAN's code.
        num_test: Images of the split 'test'.
        split_seed: Of the shuffle.
        crop: Cuts this many pixels, a square, out of the centre of a file before it is resized.
        channels, num_images, seed, skip, cache, check, resize, pipeline, with_indices: As for
            :class:`~mmgentransfer.datasets.ImageFolder`.

    Attributes:
        files: The files chosen; ``files.path(i)`` is the path of image i.
        attributes: By attribute of the table its values, strings (N,).

    Raises:
        OSError: ``data_root`` or the table is missing or can't be read, or images that the table names are missing.
        ValueError: An attribute or class is unknown, no image is left, files can't be used, or an argument is wrong.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        table: str | os.PathLike[str],
        image_size: int | Sequence[int],
        selected: Sequence[str] | None = None,
        labelled: str | None = None,
        class_order: Sequence[str] | None = None,
        where: dict[str, Any] | None = None,
        split: str | None = None,
        num_test: int = 2000,
        split_seed: int = 1234,
        crop: int | None = None,
        channels: int = 3,
        num_images: int | None = None,
        seed: int = 0,
        skip: int = 0,
        cache: str = 'ram',
        check: str = 'decode',
        resize: str = 'crop',
        pipeline: Sequence[dict[str, Any]] | None = None,
        with_indices: bool = False,
    ) -> None:
        root = find_folder(data_root, 'dataset.data_root')
        inside = root / table
        rows = AttributeTable.read(inside if inside.is_file() else table)
        if selected is not None and labelled is not None:
            raise ValueError('dataset.selected makes attributes the labels, and dataset.labelled classes: set one')
        if class_order is not None and labelled is None:
            raise ValueError(f"dataset.class_order={list(class_order)} needs dataset.labelled, the classes' attribute")
        if crop is not None and (pipeline is not None or crop < 1):
            raise ValueError(f'dataset.crop={crop} must be at least 1, and None with a dataset.pipeline')
        if missing := rows.missing_files(root):
            raise FileNotFoundError(
                f'dataset.table={str(table)!r} names {len(rows)} images, of which {len(missing)} are not in {root}:'
                f'{shorten(missing)}'
            )
        if split is not None:
            rows = rows.take(_split(len(rows), split, num_test, split_seed))
        if where:
            rows = _some(rows.take(rows.rows_where(where, 'dataset.where')), f'dataset.where={where}')
        labels, classes = None, []
        if selected is not None:
            labels, classes = _attribute_labels(rows, selected), selected
        elif labelled is not None:
            rows, labels, classes = _class_labels(rows, labelled, class_order)
        chosen = nested_subset(np.arange(len(rows)), num_images, seed, skip, what=f'images in {table}')
        rows = rows.take(chosen)
        if pipeline is None:
            pipeline = default_pipeline(image_size, channels, resize)
            if crop is not None:
                pipeline.insert(1, {'type': 'CenterCrop', 'crop_size': crop})
        self.files = ImageFiles(root, rows.paths.tolist(), pipeline, image_size, channels)
        self.attributes = rows.columns
        labels = None if labels is None else labels[torch.from_numpy(chosen)]
        super().__init__(load_files(self.files, cache, check), labels, classes, with_indices)


def _split(num: int, split: str, num_test: int, seed: int) -> np.ndarray:
    if split not in SPLITS:
        raise ValueError(f'dataset.split={split!r} is not one of {SPLITS}.{suggest(split, list(SPLITS))}')
    if not 1 <= num_test < num:
        raise ValueError(f'dataset.num_test={num_test} must lie in 1..{num - 1}: the table has {num} images')
    order = list(range(num))
    random.Random(seed).shuffle(order)
    return np.sort(order[:num_test] if split == 'test' else order[num_test:])


def _some(rows: AttributeTable, what: str) -> AttributeTable:
    if not len(rows):
        raise ValueError(f'{what} leaves none of the images of {rows.source}')
    return rows


def _attribute_labels(rows: AttributeTable, selected: Sequence[str]) -> Tensor:
    if isinstance(selected, str) or not selected or len(set(selected)) < len(selected):
        raise ValueError(f'dataset.selected={selected!r} must be a list of at least one attribute, none twice')
    flags = [rows.flags(name, 'dataset.selected') for name in selected]
    return torch.from_numpy(np.stack(flags, axis=1).astype(np.int64))


def _class_labels(
    rows: AttributeTable, labelled: str, class_order: Sequence[str] | None
) -> tuple[AttributeTable, Tensor, list[str]]:
    """Returns the rows of the classes, their labels (N,) and the classes."""
    values = rows.column(labelled, 'dataset.labelled').astype(str)
    there = sorted(set(values.tolist()))
    classes = there if class_order is None else [str(name) for name in class_order]
    for name in classes:
        if name not in there:
            hint = suggest(name, there) or f' There are: {", ".join(there[:20])}.'
            raise ValueError(f'dataset.class_order names {name!r}, which no image has as {labelled!r}.{hint}')
    if not classes or len(set(classes)) < len(classes):
        raise ValueError(f'dataset.class_order={classes} must name at least one class, and each only once')
    keep = np.isin(values, classes)
    labels = (values[keep][:, None] == np.array(classes)).argmax(1)
    return rows.take(keep), torch.from_numpy(labels), classes
