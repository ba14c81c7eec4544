"""The metrics' formulas as plain functions: NumPy arrays in, numbers out, float64 inside."""

from .classification import classifier_error
from .frechet import feature_statistics, fid_from_features, frechet_distance
from .kernel import kid_from_features, kmmd
from .pixels import mean_variance, nearest_distances, nearest_rows

__all__ = [
    'classifier_error',
    'feature_statistics',
    'fid_from_features',
    'frechet_distance',
    'kid_from_features',
    'kmmd',
    'mean_variance',
    'nearest_distances',
    'nearest_rows',
]
