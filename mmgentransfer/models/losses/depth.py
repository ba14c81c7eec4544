"""The loss of depth maps."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class BerhuLoss(WeightedLoss):
    r"""Reverse Huber loss, thesis eq. 4.6: :math:`|e|` up to a threshold c, :math:`(e^2 + c^2) / (2c)` beyond it.

    c is a share of the largest error. The loss is the mean over the valid pixels of an image, then over the images that
    have any; 0 if none has.

    Args:
        loss_weight: Weight of the term.
        c_frac: c as a share of the largest |e|, in (0, 1]; 1 makes the loss plain L1.
        c_scope: The largest error of each ``'image'``, or of the whole ``'batch'``.
        detach_c: Whether c is a constant to the gradient.
        eps: Smallest c, in the values' unit.

    Raises:
        ValueError: ``c_frac`` or ``eps`` is out of range, or ``c_scope`` is unknown.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        c_frac: float = 0.2,
        c_scope: Literal['image', 'batch'] = 'image',
        detach_c: bool = True,
        eps: float = 1e-6,
    ) -> None:
        super().__init__(loss_weight)
        if not 0 < c_frac <= 1:
            raise ValueError(f'BerhuLoss: c_frac={c_frac} must be in (0, 1].')
        if c_scope not in ('image', 'batch'):
            raise ValueError(f"BerhuLoss: c_scope={c_scope!r} is unknown: use 'image' or 'batch'.")
        if not eps > 0:
            raise ValueError(f'BerhuLoss: eps={eps} must be positive.')
        self.c_frac = c_frac
        self.c_scope = c_scope
        self.detach_c = detach_c
        self.eps = eps

    def forward(self, pred: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Returns the loss, a scalar.

        Args:
            pred: Predicted values (N, ...).
            target: True values of the same shape; those that are not valid may be anything, NaN too.
            valid: Which pixels count, bool of the same shape; None for all.

        Raises:
            ValueError: The shapes differ.
        """
        if pred.shape != target.shape or (valid is not None and valid.shape != pred.shape):
            raise ValueError(
                f'BerhuLoss takes values of one shape, got pred {tuple(pred.shape)}, target {tuple(target.shape)} and '
                f'valid {None if valid is None else tuple(valid.shape)}.'
            )
        pred, target = at_least_float32(pred), at_least_float32(target)
        if valid is not None:
            # Before the difference: an error of 0 has a finite gradient, whatever the target was.
            target = torch.where(valid, target, pred.detach())
        error = (pred - target).abs().flatten(1)
        largest = error.amax(dim=1, keepdim=True) if self.c_scope == 'image' else error.amax()
        c = (self.c_frac * largest).clamp(min=self.eps)
        if self.detach_c:
            c = c.detach()
        loss = torch.where(error <= c, error, (error.square() + c.square()) / (2 * c))
        if valid is None:
            return loss.mean()
        counts = valid.flatten(1).sum(dim=1)
        return (loss.sum(dim=1) / counts.clamp(min=1)).sum() / (counts > 0).sum().clamp(min=1)
