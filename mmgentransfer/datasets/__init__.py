"""Datasets, their transforms and their collation."""

import mmcv.transforms  # noqa: F401  registers mmcv's transforms, which a dataset's `pipeline` may name

from .aligned import AlignedDataset, DisjointSets
from .aligned_folders import AlignedModalities, SeparateSets
from .collate import stack_batch
from .embedded import Digits, ToyObjects, ToyScenes
from .image_dataset import ImageDataset
from .image_folder import ImageFolder
from .labelled_image_folder import LabelledImageFolder
from .modality_readers import DepthReader, ImageReader, LabelReader, MapReader, OpponentReader, opponent_channels
from .opponent_colours import OpponentColours
from .subsets import nested_subset
from .transforms import DecodeImage, ResizeToSquare
from .unpaired import UnpairedDomains

__all__ = [
    'AlignedDataset',
    'AlignedModalities',
    'DecodeImage',
    'DepthReader',
    'Digits',
    'DisjointSets',
    'ImageDataset',
    'ImageFolder',
    'ImageReader',
    'LabelReader',
    'LabelledImageFolder',
    'MapReader',
    'OpponentColours',
    'OpponentReader',
    'ResizeToSquare',
    'SeparateSets',
    'ToyObjects',
    'ToyScenes',
    'UnpairedDomains',
    'nested_subset',
    'opponent_channels',
    'stack_batch',
]
