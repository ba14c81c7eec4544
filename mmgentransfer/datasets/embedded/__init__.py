"""Datasets that come with the package or are rendered: they need no download."""

from .digits import Digits
from .toy_attribute_faces import ToyAttributeFaces
from .toy_objects import ToyObjects
from .toy_scenes import ToyScenes

__all__ = ['Digits', 'ToyAttributeFaces', 'ToyObjects', 'ToyScenes']
