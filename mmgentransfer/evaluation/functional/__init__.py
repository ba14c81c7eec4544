"""The metrics' formulas as plain functions: NumPy arrays in, numbers out, float64 inside.

``confusion_counts`` and ``depth_sums`` take tensors, for what is added up batch by batch on a device.
"""

from .alignment import alignment_factor
from .classification import classifier_error
from .depth import depth_errors, depth_sums, errors_from_sums
from .frechet import feature_statistics, fid_from_features, frechet_distance
from .kernel import kid_from_features, kmmd
from .pixels import mean_variance, nearest_distances, nearest_rows
from .segmentation import class_iou, confusion_counts, confusion_matrix, global_accuracy, miou

__all__ = [
    'alignment_factor',
    'class_iou',
    'classifier_error',
    'confusion_counts',
    'confusion_matrix',
    'depth_errors',
    'depth_sums',
    'errors_from_sums',
    'feature_statistics',
    'fid_from_features',
    'frechet_distance',
    'global_accuracy',
    'kid_from_features',
    'kmmd',
    'mean_variance',
    'miou',
    'nearest_distances',
    'nearest_rows',
]
