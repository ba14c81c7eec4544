"""Terms of methods that reproduce given images from latents of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class L1Loss(WeightedLoss):
    """Mean absolute difference of two batches of images, over all their values."""

    def forward(self, images: Tensor, target: Tensor) -> Tensor:
        """Returns the mean of |``images`` - ``target``|, both of one shape."""
        return F.l1_loss(at_least_float32(images), target)


@MODELS.register_module()
class LatentEMDLoss(WeightedLoss):
    r"""How far learned latents are from a sample of the prior, an approximation of the earth mover's distance.

    .. math:: \frac1M \sum_m \min_n \|z_n - t_m\|^2 + \frac1N \sum_n \min_m \|z_n - t_m\|^2

    for latents z and the sample t. It keeps the latents of a few images where noise for new images will come from.

    Args:
        loss_weight: Weight of the term.
        samples_per_latent: How many times as many samples as latents the method draws, M / N.

    Raises:
        ValueError: ``samples_per_latent`` is less than 1.
    """

    def __init__(self, loss_weight: float = 0.1, samples_per_latent: int = 10) -> None:
        super().__init__(loss_weight)
        if samples_per_latent < 1:
            raise ValueError(f'LatentEMDLoss: samples_per_latent must be at least 1, got {samples_per_latent}')
        self.samples_per_latent = samples_per_latent

    def forward(self, latents: Tensor, samples: Tensor) -> Tensor:
        """Returns the term for ``latents`` (N, d) and ``samples`` (M, d) of the prior."""
        latents = at_least_float32(latents)
        # The differences themselves would be N * M * d numbers.
        squares = latents.square().sum(1)[:, None] + samples.square().sum(1) - 2 * latents @ samples.T
        squares = squares.clamp(min=0)  # rounding can leave less
        return squares.amin(0).mean() + squares.amin(1).mean()


@MODELS.register_module()
class ScaleShiftPenalty(WeightedLoss):
    r"""Keeps scales near 1 and shifts near 0: :math:`\sum_\ell \overline{(\gamma_\ell-1)^2} + \overline{\beta_\ell^2}`.

    With a class embedding, which scales and shifts follow from, it is the embedding's mean square instead.
    """

    def __init__(self, loss_weight: float = 0.02) -> None:
        super().__init__(loss_weight)

    def forward(self, scales: Sequence[Tensor], shifts: Sequence[Tensor], embedding: Tensor | None = None) -> Tensor:
        """Returns the penalty of the ``scales`` (c,) and ``shifts`` (c,) of all layers, or of ``embedding`` (k,)."""
        if embedding is not None:
            return embedding.square().mean()
        means = [(scale - 1).square().mean() for scale in scales] + [shift.square().mean() for shift in shifts]
        return torch.stack(means).sum()


@MODELS.register_module()
class GaussianKLLoss(WeightedLoss):
    r"""Kullback-Leibler divergence of diagonal Gaussians from N(0, I), :math:`\frac12(\mu^2+\sigma^2-\log\sigma^2-1)`.

    Args:
        loss_weight: Weight of the term.
        reduction: ``'mean'`` over images and latent dimensions, as the other terms are means over elements; or
            ``'sum'``, the original code of DRIT.

    Raises:
        ValueError: ``reduction`` is unknown.
    """

    def __init__(self, loss_weight: float = 0.1, reduction: Literal['mean', 'sum'] = 'mean') -> None:
        super().__init__(loss_weight)
        if reduction not in ('mean', 'sum'):
            raise ValueError(f"GaussianKLLoss: reduction={reduction!r} is unknown: use 'mean' or 'sum'.")
        self.reduction = reduction

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Returns the divergence of N(``mean``, exp(``log_variance``)), both (N, d)."""
        mean, log_variance = at_least_float32(mean), at_least_float32(log_variance)
        divergences = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)
        if self.reduction == 'mean':
            return divergences.mean()
        return divergences.sum() * get_world_size()  # gradients are averaged over processes, which share the batch
