"""Grids, strips and reports."""

from .grids import log_spaced, make_grid, read_grid, save_image, split_grid, stack_strips

__all__ = ['log_spaced', 'make_grid', 'read_grid', 'save_image', 'split_grid', 'stack_strips']
