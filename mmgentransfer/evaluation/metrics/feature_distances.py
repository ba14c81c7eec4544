"""Distances between the distributions of features of real and generated images."""

from __future__ import annotations

import numpy as np

from mmgentransfer.registry import METRICS

from ..functional import frechet_distance, kid_from_features, kmmd
from ..image_set import ImageSet


@METRICS.register_module()
class FID:
    """Fréchet distance between the features of real and generated images (thesis eq. 2.5); lower is better.

    The result is ``fid_<extractor>``. It falls with the number of images: compare equal numbers only.

    Args:
        extractor: Name of the extractor.
    """

    needs_train = False

    def __init__(self, extractor: str) -> None:
        self.extractor = extractor

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``fid_<extractor>``."""
        return {f'fid_{self.extractor}': frechet_distance(*real.statistics, *fake.statistics)}


@METRICS.register_module()
class SubsetFIDLowerBound:
    """FID of the training images to the reference: what a generator that repeats them all would get (thesis 2.3.5).

    The result is ``fid_lower_bound_<extractor>``. It doesn't depend on the model: it says how far the training subset
    itself is from the real set, and with few images it is above the FID of models that were trained on many.

    Args:
        extractor: Name of the extractor.
    """

    needs_train = True

    def __init__(self, extractor: str) -> None:
        self.extractor = extractor
        self._last: tuple[ImageSet, ImageSet, float] | None = None

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``fid_lower_bound_<extractor>``; it is computed once for the same real and training images."""
        if self._last is None or self._last[0] is not real or self._last[1] is not train:
            self._last = (real, train, frechet_distance(*real.statistics, *train.statistics))
        return {f'fid_lower_bound_{self.extractor}': self._last[2]}


@METRICS.register_module()
class KID:
    """Unbiased squared MMD with a cubic kernel, as ``kid_<extractor>``; lower is better.

    Unlike FID its expectation does not depend on the number of images, which suits small reference sets. With a
    ``scale``, such as the 100 of many papers' tables, the result is ``kid_x100_<extractor>``.

    Args:
        extractor: Name of the extractor.
        subsets: Number of random subsets averaged.
        subset_size: Images of a subset; at most what the smaller set has.
        seed: Seed of the subsets.
        scale: Factor of the result.
    """

    needs_train = False

    def __init__(
        self, extractor: str, subsets: int = 100, subset_size: int = 1000, seed: int = 0, scale: int = 1
    ) -> None:
        if subsets < 1 or subset_size < 2:
            raise ValueError(f'KID needs subsets >= 1 and subset_size >= 2; got {subsets} and {subset_size}')
        if scale < 1:
            raise ValueError(f'KID.scale={scale} must be 1 or more')
        self.scale = scale
        self.extractor = extractor
        self.subsets = subsets
        self.subset_size = subset_size
        self.seed = seed

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``kid_<extractor>``, or with a scale ``kid_x<scale>_<extractor>``."""
        value = kid_from_features(real.features, fake.features, self.subsets, self.subset_size, self.seed)
        name = 'kid' if self.scale == 1 else f'kid_x{self.scale}'
        return {f'{name}_{self.extractor}': self.scale * value}


@METRICS.register_module()
class KMMD:
    """MMD with a Gaussian kernel (thesis section 3.4), as ``kmmd_<extractor>``; lower is better.

    Without the root it is ``kmmd_squared_<extractor>``, so that the two are not taken for each other.

    Equally many images of both sets are compared. Of more real ones, a random subset of a fixed seed is taken: data
    sets are in order, often of their classes. Of more generated ones, the first are taken: each is drawn on its own.

    Args:
        extractor: Name of the extractor.
        sigma: Width of the kernel; None takes it from the real images' distances.
        max_images: At most this many images of a set.
        sqrt: Whether the score is the root of the squared MMD, as published.
    """

    needs_train = False

    def __init__(self, extractor: str, sigma: float | None = None, max_images: int = 2000, sqrt: bool = True) -> None:
        if max_images < 2:
            raise ValueError(f'KMMD needs max_images >= 2; got {max_images}')
        self.extractor = extractor
        self.sigma = sigma
        self.max_images = max_images
        self.sqrt = sqrt

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``kmmd_<extractor>``, or ``kmmd_squared_<extractor>``.

        Raises:
            ValueError: There are fewer than two distinct real images.
        """
        name = f'kmmd_{self.extractor}' if self.sqrt else f'kmmd_squared_{self.extractor}'
        count = min(len(real), len(fake), self.max_images)
        chosen = np.random.default_rng(0).permutation(len(real))[:count] if len(real) > count else slice(None)
        try:
            return {name: kmmd(real.features[chosen], fake.features[:count], self.sigma, self.sqrt)}
        except ValueError as error:
            raise ValueError(f'{name}: {error}') from error
