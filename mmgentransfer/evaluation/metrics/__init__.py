"""Metrics of generated images, one file a family."""

from .classes import ClasswiseFID, GeneratedClassificationAccuracy
from .classification import ClassifierError, ClassShares
from .diversity import MeanVariance, NearestTrainingImage
from .feature_distances import FID, KID, KMMD, SubsetFIDLowerBound
from .independent_wasserstein import IndependentWasserstein
from .inference_time import InferenceTime
from .metric import Metric
from .selector import SelectorDistribution
from .translation import AlignmentFactor, DepthError, MapError, MIoU, TranslatedClassifierAccuracy

__all__ = [
    'FID',
    'KID',
    'KMMD',
    'AlignmentFactor',
    'ClassShares',
    'ClassifierError',
    'ClasswiseFID',
    'DepthError',
    'GeneratedClassificationAccuracy',
    'IndependentWasserstein',
    'InferenceTime',
    'MIoU',
    'MapError',
    'MeanVariance',
    'Metric',
    'NearestTrainingImage',
    'SelectorDistribution',
    'SubsetFIDLowerBound',
    'TranslatedClassifierAccuracy',
]
