"""Contrastive losses on patches of images."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32


@MODELS.register_module()
class PatchNCELoss(WeightedLoss):
    r"""CUT's loss on patches: which patch of the input does a patch of the output come from?

    With queries q and keys k of unit length at P places, :math:`-\log \frac{\exp(q_p \cdot k_p / \tau)}{\sum_j
    \exp(q_p \cdot k_j / \tau)}`, the mean over places and images. Keys get no gradient.

    Args:
        loss_weight: Weight of the term.
        temperature: The equation's tau.
        negatives: Whose other patches j runs over: those of the same 'image', or those of all of a 'batch'.

    Raises:
        ValueError: ``temperature`` is not positive, or ``negatives`` is unknown.
    """

    def __init__(
        self, loss_weight: float = 1.0, temperature: float = 0.07, negatives: Literal['image', 'batch'] = 'image'
    ) -> None:
        super().__init__(loss_weight)
        if not temperature > 0:
            raise ValueError(f'PatchNCELoss: temperature={temperature} must be positive.')
        if negatives not in ('image', 'batch'):
            raise ValueError(f"PatchNCELoss: negatives={negatives!r} is unknown: use 'image' or 'batch'.")
        self.temperature = temperature
        self.negatives = negatives

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Returns the loss, a scalar.

        Args:
            queries: Unit vectors (N, P, d) of the outputs' patches.
            keys: Those of the inputs' patches, at the same places.
        """
        queries, keys = at_least_float32(queries), at_least_float32(keys.detach())
        if self.negatives == 'batch':
            queries, keys = queries.flatten(0, 1)[None], keys.flatten(0, 1)[None]
        logits = queries @ keys.mT / self.temperature
        places = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
        return F.cross_entropy(logits.flatten(0, 1), places.flatten())
