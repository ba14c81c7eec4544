"""Evaluation of generated images: extractors, metrics, the evaluator, and the formulas in ``functional``."""

from . import functional
from .domain_translation_evaluator import DomainTranslationEvaluator
from .evaluator import GenerationEvaluator
from .exported_features import ExportedFeatures
from .extractors import ClassifierFeatures, InceptionFeatures
from .face_features import VGGFaceFeatures
from .image_set import ImageSet
from .metrics import (
    FID,
    KID,
    KMMD,
    ClassifierError,
    ClassShares,
    ClasswiseFID,
    ConfidenceDrop,
    DiversityLocalization,
    ForwardClassification,
    GeneratedClassificationAccuracy,
    IDDistance,
    IndependentWasserstein,
    InferenceTime,
    LPIPSDiversity,
    MeanVariance,
    Metric,
    MisclassificationRate,
    NearestTrainingImage,
    ReconstructionL1,
    ReverseClassification,
    SelectorDistribution,
    SubsetFIDLowerBound,
    WantedChangeRate,
)
from .source_ranking import SourceRanking
from .translation_evaluator import TranslationEvaluator
from .translations import ClassifierData, Translations

__all__ = [
    'FID',
    'KID',
    'KMMD',
    'ClassShares',
    'ClassifierData',
    'ClassifierError',
    'ClassifierFeatures',
    'ClasswiseFID',
    'ConfidenceDrop',
    'DiversityLocalization',
    'DomainTranslationEvaluator',
    'ExportedFeatures',
    'ForwardClassification',
    'GeneratedClassificationAccuracy',
    'GenerationEvaluator',
    'IDDistance',
    'ImageSet',
    'InceptionFeatures',
    'IndependentWasserstein',
    'InferenceTime',
    'LPIPSDiversity',
    'MeanVariance',
    'Metric',
    'MisclassificationRate',
    'NearestTrainingImage',
    'ReconstructionL1',
    'ReverseClassification',
    'SelectorDistribution',
    'SourceRanking',
    'SubsetFIDLowerBound',
    'TranslationEvaluator',
    'Translations',
    'VGGFaceFeatures',
    'WantedChangeRate',
    'functional',
]
