"""Networks, losses and methods."""

from . import (
    adaptors,
    backbones,
    baselines,
    generator_family,
    layers,
    losses,
    methods,
    miners,
    prior,
    selectors,
    semantic_extractors,
    style_miners,
)
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
    'adaptors',
    'backbones',
    'baselines',
    'generator_family',
    'layers',
    'losses',
    'methods',
    'miners',
    'prior',
    'selectors',
    'semantic_extractors',
    'style_miners',
]
