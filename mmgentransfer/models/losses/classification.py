"""The classification term of an AC-GAN."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class AuxiliaryClassifierLoss(WeightedLoss):
    """Mean cross-entropy of the critic's class head: the second terms of thesis eqs. 2.7 (fakes) and 2.8 (reals).

    Args:
        loss_weight: The equations' alpha.
        on_fake: Read by the method when this is the critic's term: whether the critic also learns to classify generated
            images, as in the original AC-GAN; eq. 2.8 has real images only.
    """

    def __init__(self, loss_weight: float = 1.0, on_fake: bool = False) -> None:
        super().__init__(loss_weight)
        self.on_fake = on_fake

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Returns the mean of - log softmax(``logits``)[label], for logits (N, K) and ``labels`` (N,) int64."""
        return F.cross_entropy(at_least_float32(logits), labels)
