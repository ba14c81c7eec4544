"""Datasets that come with the package or are rendered: they need no download."""

from .digits import Digits
from .toy_scenes import ToyScenes

__all__ = ['Digits', 'ToyScenes']
