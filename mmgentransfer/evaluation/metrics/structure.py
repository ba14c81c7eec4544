"""Whether a translation's object is where the input's is."""

from __future__ import annotations

from mmgentransfer.registry import METRICS

from ..functional.structure import centroid_distances
from ..translations import Translations


@METRICS.register_module()
class CentroidError:
    """Mean distance, in pixels, between the foreground's centroids of inputs and their translations; lower is better.

    The result is ``centroid_error``. It is for images of one object on a plain background: what differs from the
    median of the border is foreground.

    Args:
        threshold: Difference from the border, of values in [-1, 1], that still counts as background.

    Raises:
        ValueError: ``threshold`` is not in [0, 2).
    """

    extractor = None
    needs_train = False

    def __init__(self, threshold: float = 0.15) -> None:
        if not 0 <= threshold < 2:
            raise ValueError(f'CentroidError.threshold={threshold} must be in [0, 2)')
        self.threshold = threshold

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns ``centroid_error``, the mean over inputs and their translations."""
        distances = centroid_distances(translations.inputs, translations.outputs, self.threshold)
        return dict(centroid_error=float(distances.mean()))
