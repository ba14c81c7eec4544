"""Losses that keep different styles from giving the same image."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class StyleDiversityLoss(WeightedLoss):
    """StarGAN v2's style diversification: the negative L1 distance of two translations of an image, fading to 0.

    Args:
        loss_weight: Weight of the term at the first iteration.
        decay_iters: Iteration at which it has fallen, linearly, to 0; None: it stays.

    Raises:
        ValueError: ``decay_iters`` is less than 1.
    """

    def __init__(self, loss_weight: float = 1.0, decay_iters: int | None = 100_000) -> None:
        super().__init__(loss_weight)
        if decay_iters is not None and decay_iters < 1:
            raise ValueError(f'StyleDiversityLoss: decay_iters={decay_iters} must be at least 1, or None.')
        self.decay_iters = decay_iters

    def forward(self, images: Tensor, others: Tensor, iteration: int) -> Tensor:
        """Returns the term at an ``iteration``, counted from 0, for two batches of images of one shape."""
        share = 1.0 if self.decay_iters is None else max(0.0, 1 - iteration / self.decay_iters)
        return -share * F.l1_loss(at_least_float32(images), at_least_float32(others))
