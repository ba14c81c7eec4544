"""The metrics' formulas as plain functions: NumPy arrays in, numbers out, float64 inside.

``confusion_counts`` and ``depth_sums`` take tensors, for what is added up batch by batch on a device.
"""

from .alignment import alignment_factor
from .classification import class_recalls, classifier_error, confidence_drop, misclassification_rate
from .depth import depth_errors, depth_sums, errors_from_sums
from .frechet import feature_statistics, fid_from_features, frechet_distance
from .identity import identity_distance
from .kernel import kid_from_features, kmmd
from .localization import code_deviation, dilated, diversity_localization, region_mean
from .pixels import mean_variance, nearest_distances, nearest_rows, pixel_distances
from .reduction import choose_reduction
from .sample_pairs import consecutive_pairs, different_input_pairs, independent_pairs, within_input_pairs
from .segmentation import class_iou, confusion_counts, confusion_matrix, global_accuracy, miou
from .structure import centroid_distances, foreground_centroids, foreground_slants

__all__ = [
    'alignment_factor',
    'centroid_distances',
    'choose_reduction',
    'class_iou',
    'class_recalls',
    'classifier_error',
    'code_deviation',
    'confidence_drop',
    'confusion_counts',
    'confusion_matrix',
    'consecutive_pairs',
    'depth_errors',
    'depth_sums',
    'different_input_pairs',
    'dilated',
    'diversity_localization',
    'errors_from_sums',
    'feature_statistics',
    'fid_from_features',
    'foreground_centroids',
    'foreground_slants',
    'frechet_distance',
    'global_accuracy',
    'identity_distance',
    'independent_pairs',
    'kid_from_features',
    'kmmd',
    'mean_variance',
    'miou',
    'misclassification_rate',
    'nearest_distances',
    'nearest_rows',
    'pixel_distances',
    'region_mean',
    'within_input_pairs',
]
