"""Training and scoring loops."""

from .generation_loop import GenerationLoop
from .train_loop import GameTrainLoop

__all__ = ['GameTrainLoop', 'GenerationLoop']
