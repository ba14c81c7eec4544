"""Whether a translation's object is where the input's is, and leans as it does."""

from __future__ import annotations

import numpy as np

from mmgentransfer.registry import METRICS

from ..functional.structure import centroid_distances, foreground_slants
from ..translations import Translations


class _ForegroundMetric:
    """A metric of what differs from the images' border."""

    extractor = None
    needs_train = False

    def __init__(self, threshold: float = 0.15) -> None:
        if not 0 <= threshold < 2:
            raise ValueError(f'{type(self).__name__}.threshold={threshold} must be in [0, 2)')
        self.threshold = threshold


@METRICS.register_module()
class CentroidError(_ForegroundMetric):
    """Mean distance, in pixels, between the foreground's centroids of inputs and their translations; lower is better.

    The result is ``centroid_error``. It is for images of one object on a plain background: what differs from the
    median of the border is foreground.

    Args:
        threshold: Difference from the border, of values in [-1, 1], that still counts as background.

    Raises:
        ValueError: ``threshold`` is not in [0, 2).
    """

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns ``centroid_error``, the mean over inputs and their translations."""
        distances = centroid_distances(translations.inputs, translations.outputs, self.threshold)
        return dict(centroid_error=float(distances.mean()))


@METRICS.register_module()
class SlantCorrelation(_ForegroundMetric):
    """Pearson's correlation of the slants of inputs and their translations: 1 keeps them, 0 ignores them.

    For handwriting: how far a digit or letter leans is its writer's, not its class's, so that a translation to another
    class can keep it. The result is ``slant_correlation``, of all pairs of an input and one of its outputs; see
    :func:`~mmgentransfer.evaluation.functional.foreground_slants`. It is 0 if all inputs or all outputs lean alike.

    Args:
        threshold: Difference from the border, of values in [-1, 1], that still counts as background.

    Raises:
        ValueError: ``threshold`` is not in [0, 2).
    """

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns ``slant_correlation``."""
        outputs = translations.outputs
        before = np.repeat(foreground_slants(translations.inputs, self.threshold), outputs.shape[1])
        after = foreground_slants(outputs.reshape(-1, *outputs.shape[2:]), self.threshold)
        spread = before.std() * after.std()
        product = (before * after).mean() - before.mean() * after.mean()
        return dict(slant_correlation=float(product / spread) if spread > 1e-12 else 0.0)
