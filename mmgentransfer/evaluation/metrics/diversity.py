"""How far generated images differ from each other, and from the training images."""

from __future__ import annotations

import numpy as np

from mmgentransfer.registry import METRICS

from ..functional import mean_variance, nearest_distances
from ..image_set import ImageSet


@METRICS.register_module()
class MeanVariance:
    """Mean over pixels of the variance over the generated images, in [0, 1] units; high means diverse.

    The results are ``mv`` and ``mv_ratio``, the same divided by the real images' value (NaN if that is 0, as for a
    single image). The thesis prints values of the measure (fig. 3.6) but no formula: they do not compare.
    """

    extractor = None
    needs_train = False

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``mv`` and ``mv_ratio``."""
        fake_value = mean_variance(fake.images) / 255.0**2
        real_value = mean_variance(real.images) / 255.0**2
        return {'mv': fake_value, 'mv_ratio': fake_value / real_value if real_value > 0 else float('nan')}


@METRICS.register_module()
class NearestTrainingImage:
    """Distance of generated images to the nearest training image, to show memorised samples.

    ``nn_distance`` is the mean Euclidean distance over pixels in [0, 1]. ``nn_ratio`` divides it by the same for
    real images that were held out: near 1 for a model that generalises, near 0 for one that copies. Real
    images that are copies of a training image are not held out and do not count.

    With an extractor distances are those of its features, without a unit, and the results ``nn_distance_<extractor>``
    and ``nn_ratio_<extractor>``. Pixels and features can be compared side by side: name the metric twice. A
    :class:`NearestGridHook` shows the pairs.

    Args:
        extractor: Name of the extractor whose features are compared; None compares pixels.
    """

    needs_train = True

    def __init__(self, extractor: str | None = None) -> None:
        self.extractor = extractor

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None) -> dict[str, float]:
        """Returns ``nn_distance`` and ``nn_ratio``, with an extractor followed by its name.

        Raises:
            ValueError: Every real image is a training image, or the sets' images differ in shape.
        """
        if self.extractor is None:
            unit, suffix, rounding = 255.0, '', 0.0
            fakes, reals, trained = fake.images, real.images, train.images
        else:
            unit, suffix = 1.0, f'_{self.extractor}'
            fakes, reals, trained = fake.features, real.features, train.features
            # the features of a copy, made in another batch, differ by their float32 rounding
            rounding = 1e-4 * float(np.linalg.norm(trained, axis=1).mean())
        distance = float(nearest_distances(fakes, trained).mean())
        held_out = nearest_distances(reals, trained)
        held_out = held_out[held_out > rounding]
        if len(held_out) == 0:
            raise ValueError(
                'NearestTrainingImage needs real images that were held out; '
                'all images of val_dataloader are also training images'
            )
        return {f'nn_distance{suffix}': distance / unit, f'nn_ratio{suffix}': distance / float(held_out.mean())}
