"""Networks, losses and methods."""

from . import backbones, layers, losses, methods, miners
from .game import AdversarialModel, Batch, Move, Stage
from .preprocessor import ImagePreprocessor
from .step_random import StepRandom

__all__ = [
    'AdversarialModel',
    'Batch',
    'ImagePreprocessor',
    'Move',
    'Stage',
    'StepRandom',
    'backbones',
    'layers',
    'losses',
    'methods',
    'miners',
]
