"""The loss of segmentations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class CrossEntropyLoss(WeightedLoss):
    """Softmax cross entropy, thesis eqs. 4.7 and 4.8, as the mean over the pixels that are not ignored; 0 if all are.

    Args:
        loss_weight: Weight of the term.
        ignore_index: Label of the pixels that don't count.
        class_weight: A weight for each of the K classes; the mean is then weighted by them. None for equal weights.

    Raises:
        ValueError: ``class_weight`` is negative somewhere, or 0 everywhere.
    """

    def __init__(
        self, loss_weight: float = 1.0, ignore_index: int = 255, class_weight: Sequence[float] | None = None
    ) -> None:
        super().__init__(loss_weight)
        if class_weight is not None and (min(class_weight, default=0) < 0 or max(class_weight, default=0) <= 0):
            raise ValueError(f'CrossEntropyLoss: class_weight={class_weight} must be numbers >= 0, not all of them 0.')
        self.ignore_index = ignore_index
        weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        self.register_buffer('class_weight', weight, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Returns the loss, a scalar.

        Args:
            logits: (N, K, ...).
            target: Labels (N, ...) int64 of 0 to K - 1 or ``ignore_index``; or probabilities (N, K, ...), where a pixel
                of zeros does not count.

        Raises:
            ValueError: The shapes don't fit each other, or ``class_weight`` is not one for each class.
        """
        soft = target.is_floating_point()
        expected = logits.shape if soft else (logits.shape[0], *logits.shape[2:])
        if target.shape != expected:
            raise ValueError(
                f'CrossEntropyLoss: for logits {tuple(logits.shape)} a target of {target.dtype} must have the shape '
                f'{tuple(expected)}, got {tuple(target.shape)}.'
            )
        logits, weight = at_least_float32(logits), self.class_weight
        if weight is not None:
            if len(weight) != logits.shape[1]:
                raise ValueError(
                    f'CrossEntropyLoss: class_weight has {len(weight)} numbers for {logits.shape[1]} classes.'
                )
            weight = weight.to(logits.dtype)
        if soft:
            target = target.to(logits.dtype)
            total = F.cross_entropy(logits, target, weight, reduction='sum')
            count = target.sum() if weight is None else (target.transpose(1, -1) @ weight).sum()
        else:
            total = F.cross_entropy(logits, target, weight, ignore_index=self.ignore_index, reduction='sum')
            counted = target != self.ignore_index
            count = counted.sum() if weight is None else (weight[torch.where(counted, target, 0)] * counted).sum()
        return total / torch.where(count > 0, count, 1)
