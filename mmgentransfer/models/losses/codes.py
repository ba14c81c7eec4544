"""Terms of methods that describe an image by a content and a code of the rest."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class ContentConfusionLoss(WeightedLoss):
    """The game about contents, whose discriminator tells of which of two domains one is.

    Encoders aim at logits that say neither; their minimum is ln 2 for each domain.
    """

    def critic(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the discriminator's term for logits of contents of the first domain, label 0, and the second, 1."""
        return F.softplus(at_least_float32(first)).mean() + F.softplus(-at_least_float32(second)).mean()

    def generator(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the encoders' term, the cross entropies with a probability of 1/2, for the same logits."""
        halves = [F.softplus(x).mean() - x.mean() / 2 for x in map(at_least_float32, (first, second))]
        return halves[0] + halves[1]


@MODELS.register_module()
class CodeL2Loss(WeightedLoss):
    """Keeps codes small: the mean of their squares."""

    def __init__(self, loss_weight: float = 0.01) -> None:
        super().__init__(loss_weight)

    def forward(self, codes: Tensor) -> Tensor:
        """Returns the mean square of ``codes``, of any shape."""
        return at_least_float32(codes).square().mean()


@MODELS.register_module()
class ModeSeekingLoss(WeightedLoss):
    r"""Makes outputs of different codes differ: :math:`1 / (\overline{|x_1-x_2|} / \overline{|z_1-z_2|} + \epsilon)`.

    Args:
        loss_weight: Weight of the term.
        eps: Bounds the term where the outputs are equal.

    Raises:
        ValueError: ``eps`` is not positive.
    """

    def __init__(self, loss_weight: float = 1.0, eps: float = 1e-5) -> None:
        super().__init__(loss_weight)
        if not eps > 0:
            raise ValueError(f'ModeSeekingLoss: eps={eps} must be positive.')
        self.eps = eps

    def forward(self, images: tuple[Tensor, Tensor], codes: tuple[Tensor, Tensor]) -> Tensor:
        """Returns the term for two batches of images (N, C, H, W) of the same inputs and their codes (N, Z)."""
        outputs, inputs = (F.l1_loss(at_least_float32(a), at_least_float32(b)) for a, b in (images, codes))
        return 1 / (outputs / inputs + self.eps)
