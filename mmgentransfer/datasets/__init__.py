"""Datasets, their transforms and their collation."""

import mmcv.transforms  # noqa: F401  registers mmcv's transforms, which a dataset's `pipeline` may name

from .aligned import AlignedDataset, DisjointSets
from .aligned_folders import AlignedModalities, SeparateSets
from .attribute_images import AttributeImages
from .attribute_table import AttributeTable
from .collate import stack_batch
from .domain_images import DomainImages
from .embedded import Digits, ToyAttributeFaces, ToyObjects, ToyScenes
from .image_dataset import ImageDataset
from .image_folder import ImageFolder
from .labelled_image_folder import LabelledImageFolder
from .modality_readers import DepthReader, ImageReader, LabelReader, MapReader, OpponentReader, opponent_channels
from .opponent_colours import OpponentColours
from .reference_images import ReferenceImages
from .subsets import nested_subset
from .transforms import DecodeImage, ResizeToSize
from .unpaired import UnpairedDomains
from .with_sources import WithSources

__all__ = [
    'AlignedDataset',
    'AlignedModalities',
    'AttributeImages',
    'AttributeTable',
    'DecodeImage',
    'DepthReader',
    'Digits',
    'DisjointSets',
    'DomainImages',
    'ImageDataset',
    'ImageFolder',
    'ImageReader',
    'LabelReader',
    'LabelledImageFolder',
    'MapReader',
    'OpponentColours',
    'OpponentReader',
    'ReferenceImages',
    'ResizeToSize',
    'SeparateSets',
    'ToyAttributeFaces',
    'ToyObjects',
    'ToyScenes',
    'UnpairedDomains',
    'WithSources',
    'nested_subset',
    'opponent_channels',
    'stack_batch',
]
