"""Loops, hooks, optimisers and processes."""

from . import hooks, loops
from .distributed import SelfSynchronised
from .optimizers import PlayerOptimWrappers

__all__ = ['PlayerOptimWrappers', 'SelfSynchronised', 'hooks', 'loops']
