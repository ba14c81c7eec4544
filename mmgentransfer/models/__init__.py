"""Networks, losses and methods."""

from . import backbones, baselines, generator_family, layers, losses, methods, miners, prior, selectors, style_miners
from .game import AdversarialModel, Batch
from .preprocessor import ImagePreprocessor
from .schedule import Move, Stage
from .step_random import StepRandom

__all__ = [
    'AdversarialModel',
    'Batch',
    'ImagePreprocessor',
    'Move',
    'Stage',
    'StepRandom',
    'backbones',
    'baselines',
    'generator_family',
    'layers',
    'losses',
    'methods',
    'miners',
    'prior',
    'selectors',
    'style_miners',
]
