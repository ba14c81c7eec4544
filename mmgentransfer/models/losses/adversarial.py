"""Adversarial losses on critic scores, where higher means more real. Both players minimise theirs."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


def scores(output: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    """Returns the scores in a critic's ``output``, which is either the scores or the pair (scores, class logits)."""
    return output[0] if isinstance(output, tuple) else output


@MODELS.register_module()
class WassersteinLoss(WeightedLoss):
    """Wasserstein loss: thesis eq. 2.3, without its penalty, and eq. 2.4."""

    def critic(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Returns mean D(fake) - mean D(real); its negative estimates the Wasserstein distance."""
        return at_least_float32(fake_scores).mean() - at_least_float32(real_scores).mean()

    def critic_on_fakes(self, fake_scores: Tensor) -> Tensor:
        """Returns the part of the critic's loss that generated images have, mean D(fake)."""
        return at_least_float32(fake_scores).mean()

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Returns - mean D(fake)."""
        return -at_least_float32(fake_scores).mean()


@MODELS.register_module()
class HingeLoss(WeightedLoss):
    """Hinge loss, with which SNGAN and BigGAN are trained."""

    def critic(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Returns mean max(0, 1 - D(real)) + mean max(0, 1 + D(fake))."""
        real_scores, fake_scores = at_least_float32(real_scores), at_least_float32(fake_scores)
        return F.relu(1 - real_scores).mean() + F.relu(1 + fake_scores).mean()

    def critic_on_fakes(self, fake_scores: Tensor) -> Tensor:
        """Returns the part of the critic's loss that generated images have, mean max(0, 1 + D(fake))."""
        return F.relu(1 + at_least_float32(fake_scores)).mean()

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Returns - mean D(fake)."""
        return -at_least_float32(fake_scores).mean()


@MODELS.register_module()
class LSGANLoss(WeightedLoss):
    """Least-squares loss (thesis section 4.4.3), on scores of images or of their patches; fakes' label is 0.

    Args:
        loss_weight: Weight of the term.
        real_label: The score that real images should have, and generated ones for the generator.
        critic_scale: Factor on the critic's loss.

    Raises:
        ValueError: ``critic_scale`` is not positive.
    """

    def __init__(self, loss_weight: float = 1.0, real_label: float = 1.0, critic_scale: float = 1.0) -> None:
        super().__init__(loss_weight)
        if not critic_scale > 0:
            raise ValueError(f'LSGANLoss: critic_scale={critic_scale} must be positive.')
        self.real_label = real_label
        self.critic_scale = critic_scale

    def critic(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Returns mean (D(real) - real_label)^2 + mean D(fake)^2, times ``critic_scale``."""
        real_scores, fake_scores = at_least_float32(real_scores), at_least_float32(fake_scores)
        return self.critic_scale * ((real_scores - self.real_label).square().mean() + fake_scores.square().mean())

    def critic_on_fakes(self, fake_scores: Tensor) -> Tensor:
        """Returns the part of the critic's loss that generated images have, mean D(fake)^2 times ``critic_scale``."""
        return self.critic_scale * at_least_float32(fake_scores).square().mean()

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Returns mean (D(fake) - real_label)^2."""
        return (at_least_float32(fake_scores) - self.real_label).square().mean()


@MODELS.register_module(name=['LogisticLoss', 'VanillaLoss'])
class LogisticLoss(WeightedLoss):
    """The original GAN's loss on logits, thesis eqs. 2.1 and 2.2; also registered as ``VanillaLoss``.

    Args:
        loss_weight: Weight of the term.
        saturating: Whether the generator minimises eq. 2.2 itself, mean log(1 - sigmoid(D(fake))), whose gradient
            vanishes where the discriminator is sure; else it minimises - mean log sigmoid(D(fake)).
    """

    def __init__(self, loss_weight: float = 1.0, saturating: bool = False) -> None:
        super().__init__(loss_weight)
        self.saturating = saturating

    def critic(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Returns the negative of eq. 2.2: - mean log sigmoid(D(real)) - mean log(1 - sigmoid(D(fake)))."""
        real_scores, fake_scores = at_least_float32(real_scores), at_least_float32(fake_scores)
        return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()

    def critic_on_fakes(self, fake_scores: Tensor) -> Tensor:
        """Returns the part of the critic's loss that generated images have, - mean log(1 - sigmoid(D(fake)))."""
        return F.softplus(at_least_float32(fake_scores)).mean()

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Returns - mean log sigmoid(D(fake)), or mean log(1 - sigmoid(D(fake))) if ``saturating``."""
        fake_scores = at_least_float32(fake_scores)
        return -F.softplus(fake_scores).mean() if self.saturating else F.softplus(-fake_scores).mean()


VanillaLoss = LogisticLoss
