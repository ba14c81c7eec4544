"""Distances between images, pixel by pixel."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class PixelLoss(WeightedLoss):
    """Distance of generated images from given ones, thesis eqs. 4.1 to 4.3.

    Args:
        loss_weight: Weight of the term.
        mode: ``'mse'``: mean of the squared differences; ``'norm'``: Euclidean norm of an image's difference, as the
            equations are printed, averaged over images; ``'l1'``: mean of the absolute differences.

    Raises:
        ValueError: ``mode`` is unknown.
    """

    def __init__(self, loss_weight: float = 1.0, mode: Literal['mse', 'norm', 'l1'] = 'mse') -> None:
        super().__init__(loss_weight)
        if mode not in ('mse', 'norm', 'l1'):
            raise ValueError(f"PixelLoss: mode={mode!r} is unknown: use 'mse', 'norm' or 'l1'.")
        self.mode = mode

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Returns the distance, a scalar, of ``pred`` (N, C, H, W) from ``target`` of the same shape.

        Raises:
            ValueError: The shapes differ.
        """
        if pred.shape != target.shape:
            raise ValueError(
                f'PixelLoss takes images of one shape, got pred {tuple(pred.shape)} and target {tuple(target.shape)}.'
            )
        difference = at_least_float32(pred) - at_least_float32(target)
        if self.mode == 'mse':
            return difference.square().mean()
        if self.mode == 'l1':
            return difference.abs().mean()
        return torch.linalg.vector_norm(difference.flatten(1), dim=1).mean()
