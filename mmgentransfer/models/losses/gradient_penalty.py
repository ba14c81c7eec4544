"""Penalties on a critic's gradient with respect to images, and on the size of its scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from mmgentransfer.registry import MODELS

from .adversarial import scores
from .base import WeightedLoss, at_least_float32

Critic = Callable[[Tensor], 'Tensor | tuple[Tensor, Tensor]']


def _input_gradient(critic: Critic, images: Tensor, patch_reduction: str = 'sum') -> Tensor:
    """Returns the gradient (N, ...) of each image's score with respect to the image, itself differentiable.

    ``images`` must be detached; they are marked as requiring gradients. A sum over the batch gives all gradients at
    once, as the score of one image does not depend on the others.
    """
    images.requires_grad_(True)
    output = scores(critic(images))
    total = output.sum() if patch_reduction == 'sum' else output.flatten(1).mean(1).sum()
    (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return gradient


@MODELS.register_module()
class GradientPenalty(WeightedLoss):
    r"""Gradient penalty of WGAN-GP, the third term of thesis eq. 2.3.

    :math:`E[(\|\nabla_{\hat x} D(\hat x)\|_2 - t)^2]` at :math:`\hat x = \alpha x + (1 - \alpha) G(z)`. It is computed
    outside autocast, in float32 at least, as half precision does not survive the second derivative.

    Args:
        loss_weight: The equation's lambda.
        target: The gradient norm t that is not penalised.
        norm_mode: ``'image'``, the norm over all values of an image, as in the equation; ``'pixel'``, the norm over
            channels and the mean over pixels, which other implementations use.
        eps: Added to the sum of squares, so that the gradient of the norm is finite at 0.
        patch_reduction: Of a critic that scores patches: ``'sum'``, the gradient of the sum of an image's scores, which
            grows with their number; ``'mean'``, that of their mean, which does not.

    Raises:
        ValueError: ``norm_mode`` or ``patch_reduction`` is unknown.
    """

    def __init__(
        self,
        loss_weight: float = 10.0,
        target: float = 1.0,
        norm_mode: Literal['image', 'pixel'] = 'image',
        eps: float = 1e-12,
        patch_reduction: Literal['sum', 'mean'] = 'sum',
    ) -> None:
        super().__init__(loss_weight)
        if norm_mode not in ('image', 'pixel'):
            raise ValueError(f"GradientPenalty: norm_mode={norm_mode!r} is unknown: use 'image' or 'pixel'.")
        if patch_reduction not in ('sum', 'mean'):
            raise ValueError(f"GradientPenalty: patch_reduction={patch_reduction!r} is unknown: use 'sum' or 'mean'.")
        self.target = target
        self.norm_mode = norm_mode
        self.eps = eps
        self.patch_reduction = patch_reduction

    def forward(self, critic: Critic, real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
        """Returns the penalty, a scalar; its gradient reaches the critic only.

        Args:
            critic: Maps images to scores, (N,) or of patches, or to the pair of scores and logits; must not mix the
                batch's images. For a critic that takes labels, bind them first.
            real: Real images (N, C, H, W).
            fake: Generated images of the same shape.
            alpha: Uniform random numbers in [0, 1), one per image, (N,).

        Raises:
            ValueError: ``real`` and ``fake`` differ in shape, or ``alpha`` does not have the shape (N,).
        """
        if real.shape != fake.shape:
            raise ValueError(
                f'GradientPenalty pairs each real image with a fake one of the same shape, '
                f'got real {tuple(real.shape)} and fake {tuple(fake.shape)}.'
            )
        if alpha.shape != real.shape[:1]:
            raise ValueError(
                f'GradientPenalty takes one alpha per image, of the shape ({real.shape[0]},), got {tuple(alpha.shape)}.'
            )
        with torch.autocast(real.device.type, enabled=False):
            real, fake = at_least_float32(real.detach()), at_least_float32(fake.detach())
            alpha = alpha.detach().to(real.dtype).view(-1, *[1] * (real.ndim - 1))
            gradient = _input_gradient(critic, torch.lerp(fake, real, alpha), self.patch_reduction)
            squares = gradient.square()
            squares = squares.flatten(1).sum(1) if self.norm_mode == 'image' else squares.sum(1)
            return ((squares + self.eps).sqrt() - self.target).square().mean()


@MODELS.register_module()
class R1Penalty(WeightedLoss):
    r"""R1 penalty of StyleGAN, :math:`E_x[\|\nabla_x D(x)\|_2^2]` on real images, outside autocast.

    Args:
        loss_weight: Half of the usual gamma: 5 for gamma 10.
    """

    def __init__(self, loss_weight: float = 5.0) -> None:
        super().__init__(loss_weight)

    def forward(self, critic: Critic, real: Tensor) -> Tensor:
        """Returns the penalty, a scalar, of ``critic`` (see :class:`GradientPenalty`) at ``real`` (N, C, H, W)."""
        with torch.autocast(real.device.type, enabled=False):
            gradient = _input_gradient(critic, at_least_float32(real.detach()))
            return gradient.square().flatten(1).sum(1).mean()


@MODELS.register_module()
class DriftPenalty(WeightedLoss):
    """Drift penalty of ProGAN, mean D(x)^2 over real images, which keeps the scores near 0."""

    def __init__(self, loss_weight: float = 0.001) -> None:
        super().__init__(loss_weight)

    def forward(self, real_scores: Tensor) -> Tensor:
        """Returns the penalty, a scalar, of ``real_scores`` (N,)."""
        return at_least_float32(real_scores).square().mean()
