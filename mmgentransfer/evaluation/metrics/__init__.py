"""Metrics of generated images, one file a family."""

from .classes import ClasswiseFID, GeneratedClassificationAccuracy
from .classification import ClassifierError, ClassShares
from .diversity import MeanVariance, NearestTrainingImage
from .feature_distances import FID, KID, KMMD, SubsetFIDLowerBound
from .independent_wasserstein import IndependentWasserstein
from .inference_time import InferenceTime
from .metric import Metric
from .preservation import ConfidenceDrop, IDDistance, MisclassificationRate, ReconstructionL1, WantedChangeRate
from .sample_diversity import DiversityLocalization, LPIPSDiversity
from .selector import SelectorDistribution
from .structure import CentroidError, SlantCorrelation
from .trained_classifiers import ForwardClassification, ReverseClassification
from .translation import AlignmentFactor, DepthError, MapError, MIoU, TranslatedClassifierAccuracy

__all__ = [
    'FID',
    'KID',
    'KMMD',
    'AlignmentFactor',
    'CentroidError',
    'ClassShares',
    'ClassifierError',
    'ClasswiseFID',
    'ConfidenceDrop',
    'DepthError',
    'DiversityLocalization',
    'ForwardClassification',
    'GeneratedClassificationAccuracy',
    'IDDistance',
    'IndependentWasserstein',
    'InferenceTime',
    'LPIPSDiversity',
    'MIoU',
    'MapError',
    'MeanVariance',
    'Metric',
    'MisclassificationRate',
    'NearestTrainingImage',
    'ReconstructionL1',
    'ReverseClassification',
    'SelectorDistribution',
    'SlantCorrelation',
    'SubsetFIDLowerBound',
    'TranslatedClassifierAccuracy',
    'WantedChangeRate',
]
