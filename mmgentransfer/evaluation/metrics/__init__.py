"""Metrics of generated images, one file a family."""

from .classification import ClassifierError
from .diversity import MeanVariance, NearestTrainingImage
from .feature_distances import FID, KID, KMMD
from .independent_wasserstein import IndependentWasserstein
from .metric import Metric

__all__ = [
    'FID',
    'KID',
    'KMMD',
    'ClassifierError',
    'IndependentWasserstein',
    'MeanVariance',
    'Metric',
    'NearestTrainingImage',
]
