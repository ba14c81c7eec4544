"""What a translator made of a set of images, as metrics see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from .image_set import ImageSet

__all__ = ['ClassifierData', 'Translations']


@dataclass(eq=False)
class Translations:
    """Images translated to one target domain, or with one attribute flipped.

    Attributes:
        target: Name of the domain or attribute.
        domains: Names of the model's C domains or attributes.
        inputs: uint8 (N, C, H, W): the images of the other domains; for an attribute all images, or those that lack it
            if the model only sets it.
        outputs: uint8 (N, K, C, H, W), K translations of each input, with codes of their own; K is 1 for a model
            without codes. None if no metric looks at images.
        sources: What each input is, float (N, num_domains): one-hot, or 0 and 1 for attributes.
        reals: uint8 (M, C, H, W): the real images of the target domain, or with the attribute.
        exclusive: Whether an image has one of the domains.
        deterministic: Whether the model has no codes: an input has one output.
        attributes: Values (N,) of the inputs by attribute, numbers or names, of a data set that has some.
        masks: float (N, 1, H, W): the share of each pixel that the object covers, of a data set that has masks.
        pairs: uint8 (n, 2 P or more, C, H, W): further outputs, with codes of their own, of n inputs evenly spaced
            among all; for metrics that ask for them.
        attention: float (N, 1, H, W): where the model attended to, of a model that says so.
        reconstruction_errors: (N,): mean absolute difference between inputs and their reconstructions in [-1, 1].
        views: By extractor, the inputs (N), the outputs (N * K, an input's one after the other) and the reals (M), see
            :meth:`through`.
        device: Where networks of metrics run.
    """

    target: str
    domains: Sequence[str]
    inputs: np.ndarray
    outputs: np.ndarray | None
    sources: np.ndarray
    reals: np.ndarray
    exclusive: bool = True
    deterministic: bool = False
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    masks: np.ndarray | None = None
    pairs: np.ndarray | None = None
    attention: np.ndarray | None = None
    reconstruction_errors: np.ndarray | None = None
    views: Mapping[str, tuple[ImageSet, ImageSet, ImageSet]] = field(default_factory=dict)
    device: torch.device | str = 'cpu'

    @property
    def place(self) -> int:
        """Which of the domains the target is."""
        return list(self.domains).index(self.target)

    @property
    def wanted(self) -> np.ndarray:
        """What the target should be in the outputs of each input, int64 (N,): 1, or 0 where an attribute is removed."""
        if self.exclusive:
            return np.ones(len(self.sources), dtype=np.int64)
        return 1 - self.sources[:, self.place].astype(np.int64)

    @property
    def num_samples(self) -> int:
        """Number of outputs K for each input."""
        if self.outputs is not None:
            return self.outputs.shape[1]
        return len(next(iter(self.views.values()))[1]) // len(self.sources)

    def through(self, extractor: str) -> tuple[ImageSet, ImageSet, ImageSet]:
        """Returns the inputs (N), the outputs (N * K) and the real images (M) as an extractor shows them."""
        return self.views[extractor]

    def logits(self, extractor: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns a classifier's scores of the inputs, (N, L), and of the outputs, (N, K, L).

        Raises:
            ValueError: The extractor gives features only.
        """
        inputs, outputs, _ = self.through(extractor)
        if inputs.logits is None:
            raise ValueError(
                f'{metric} needs an extractor that gives logits, such as ClassifierFeatures; {extractor!r} gives '
                'features only'
            )
        return inputs.logits, outputs.logits.reshape(len(inputs), -1, inputs.logits.shape[1])


@dataclass(eq=False)
class ClassifierData:
    """What metrics need that train a classifier themselves; every process makes the same calls.

    Attributes:
        domains: Names of the C domains or attributes.
        targets: Those that the evaluation translates to.
        exclusive: Whether an image has one of them.
        own: What each training image is, float32 (M, C).
        images: Gives training images at rows, uint8 (n, C, H, W).
        edited: ``edited(rows, target)`` says what training images become when they are translated so, float32 (n, C).
        translate: ``translate(rows, target, seed)`` gives training images translated to a domain, or with the
            attribute flipped, one output each with a fresh code; uint8 (n, C, H, W) in the main process.
        test_images: The real images to score on, uint8 (N, C, H, W).
        test_own: What they are, float32 (N, C).
        device: Where classifiers are trained.
        networks: Classifiers that metrics share, by what they were trained with; they last for all evaluations.
    """

    domains: Sequence[str]
    targets: Sequence[str]
    exclusive: bool
    own: np.ndarray
    images: Callable[[np.ndarray], np.ndarray]
    edited: Callable[[np.ndarray, str], np.ndarray]
    translate: Callable[[np.ndarray, str, int], np.ndarray]
    test_images: np.ndarray
    test_own: np.ndarray
    device: torch.device | str = 'cpu'
    networks: dict[str, nn.Module] = field(default_factory=dict)
