"""Grids, strips, curves and reports."""

from .curves import draw_curves, moving_average, read_stages
from .grids import log_spaced, make_grid, named_grid, read_grid, save_image, split_grid, stack_strips, translation_grid

__all__ = [
    'draw_curves',
    'log_spaced',
    'make_grid',
    'moving_average',
    'named_grid',
    'read_grid',
    'read_stages',
    'save_image',
    'split_grid',
    'stack_strips',
    'translation_grid',
]
