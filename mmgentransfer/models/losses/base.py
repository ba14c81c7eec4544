"""What all loss terms have in common."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class WeightedLoss(nn.Module):
    """A loss term with a weight. The term is computed without it; whoever sums the terms multiplies.

    Args:
        loss_weight: Weight of the term in the sum, 0 to leave it out.

    Raises:
        ValueError: ``loss_weight`` is negative or not finite.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not (math.isfinite(loss_weight) and loss_weight >= 0):
            raise ValueError(f'{type(self).__name__}: loss_weight={loss_weight} must be a finite number >= 0.')
        self.loss_weight = float(loss_weight)

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}'


def at_least_float32(x: Tensor) -> Tensor:
    """Returns ``x`` in float32 if it has a lower precision, else ``x`` itself."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
