"""Datasets that come with the package or are rendered: they need no download."""

from .digits import Digits
from .toy_objects import ToyObjects
from .toy_scenes import ToyScenes

__all__ = ['Digits', 'ToyObjects', 'ToyScenes']
