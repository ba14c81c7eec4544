"""What is read back from translations: which domain or attributes an image has, and which code made it."""

from __future__ import annotations

from typing import Literal

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


@MODELS.register_module()
class LatentCodeLoss(WeightedLoss):
    """How well the code that made a translation is read back from it (thesis eq. 6.6).

    Args:
        loss_weight: Weight of the term.
        norm: 'l1', the mean of absolute differences, or 'l2', that of squared ones.

    Raises:
        ValueError: ``norm`` is unknown.
    """

    def __init__(self, loss_weight: float = 10.0, norm: Literal['l1', 'l2'] = 'l1') -> None:
        super().__init__(loss_weight)
        if norm not in ('l1', 'l2'):
            raise ValueError(f"LatentCodeLoss: norm={norm!r} is unknown: use 'l1' or 'l2'.")
        self.norm = norm

    def forward(self, predicted: Tensor, codes: Tensor) -> Tensor:
        """Returns the mean over codes and their numbers; ``predicted`` and ``codes`` are (N, Z)."""
        predicted = at_least_float32(predicted)
        return F.l1_loss(predicted, codes) if self.norm == 'l1' else F.mse_loss(predicted, codes)
