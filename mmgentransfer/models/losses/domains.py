"""The loss of a critic that tells which domain, or which attributes, an image has."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.models.losses.base import WeightedLoss, at_least_float32
from mmgentransfer.registry import MODELS


@MODELS.register_module()
class DomainLoss(WeightedLoss):
    """Classification of domains: softmax cross entropy, or a logistic loss for each of several attributes.

    Args:
        loss_weight: Weight of the term.
        exclusive: Whether an image has one domain; else it may have any of the attributes, whose losses are summed.
    """

    def __init__(self, loss_weight: float = 1.0, exclusive: bool = True) -> None:
        super().__init__(loss_weight)
        self.exclusive = exclusive

    def forward(self, logits: Tensor, domains: Tensor) -> Tensor:
        """Returns the mean over images, a scalar.

        Args:
            logits: (N, C).
            domains: (N, C) of 0 and 1; exactly one 1 for each image if domains exclude each other.
        """
        logits, domains = at_least_float32(logits), domains.to(logits.device)
        if self.exclusive:
            return F.cross_entropy(logits, domains.argmax(1))
        total = F.binary_cross_entropy_with_logits(logits, domains.to(logits.dtype), reduction='sum')
        return total / logits.shape[0]
