"""Datasets, their transforms and their collation."""

import mmcv.transforms  # noqa: F401  registers mmcv's transforms, which a dataset's `pipeline` may name

from .collate import stack_batch
from .embedded import Digits, ToyObjects
from .image_dataset import ImageDataset
from .image_folder import ImageFolder
from .labelled_image_folder import LabelledImageFolder
from .subsets import nested_subset
from .transforms import DecodeImage, ResizeToSquare

__all__ = [
    'DecodeImage',
    'Digits',
    'ImageDataset',
    'ImageFolder',
    'LabelledImageFolder',
    'ResizeToSquare',
    'ToyObjects',
    'nested_subset',
    'stack_batch',
]
