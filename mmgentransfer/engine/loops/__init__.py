"""Training and scoring loops."""

from .classification_loop import ClassificationLoop
from .domain_translation_loop import DomainTranslationLoop
from .generation_loop import GenerationLoop
from .train_loop import GameTrainLoop
from .translation_loop import TranslationLoop

__all__ = ['ClassificationLoop', 'DomainTranslationLoop', 'GameTrainLoop', 'GenerationLoop', 'TranslationLoop']
