"""The term of a denoising autoencoder."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class DenoisingLoss(WeightedLoss):
    """Mean squared difference between what a denoising autoencoder restores and what noise was added to."""

    def forward(self, restored: Tensor, clean: Tensor) -> Tensor:
        """Returns the mean over all elements of two tensors of one shape."""
        return F.mse_loss(at_least_float32(restored), at_least_float32(clean))
