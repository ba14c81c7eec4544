"""Evaluation of generated images: extractors, metrics, the evaluator, and the formulas in ``functional``."""

from . import functional
from .evaluator import GenerationEvaluator
from .extractors import ClassifierFeatures, InceptionFeatures
from .image_set import ImageSet
from .metrics import (
    FID,
    KID,
    KMMD,
    ClassifierError,
    ClassShares,
    ClasswiseFID,
    GeneratedClassificationAccuracy,
    IndependentWasserstein,
    InferenceTime,
    MeanVariance,
    Metric,
    NearestTrainingImage,
    SelectorDistribution,
    SubsetFIDLowerBound,
)
from .source_ranking import SourceRanking
from .translation_evaluator import TranslationEvaluator

__all__ = [
    'FID',
    'KID',
    'KMMD',
    'ClassShares',
    'ClassifierError',
    'ClassifierFeatures',
    'ClasswiseFID',
    'GeneratedClassificationAccuracy',
    'GenerationEvaluator',
    'ImageSet',
    'InceptionFeatures',
    'IndependentWasserstein',
    'InferenceTime',
    'MeanVariance',
    'Metric',
    'NearestTrainingImage',
    'SelectorDistribution',
    'SourceRanking',
    'SubsetFIDLowerBound',
    'TranslationEvaluator',
    'functional',
]
