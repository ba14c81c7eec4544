"""Datasets that come with the package or are rendered: they need no download."""

from .digits import Digits

__all__ = ['Digits']
