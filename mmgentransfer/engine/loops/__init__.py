"""Training and scoring loops."""

from .generation_loop import GenerationLoop
from .train_loop import GameTrainLoop
from .translation_loop import TranslationLoop

__all__ = ['GameTrainLoop', 'GenerationLoop', 'TranslationLoop']
