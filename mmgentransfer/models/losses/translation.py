"""Terms that a translator computes with the losses of its modalities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mmgentransfer.registry import MODELS

from .base import WeightedLoss


@MODELS.register_module()
class AutoencoderLoss(WeightedLoss):
    """Each modality from itself, with that modality's own loss and weight (thesis section 4.4.3).

    Read by :class:`MixAndMatchNets`, which computes it.

    Args:
        loss_weight: Factor on all modalities.
        scales: Further factors by modality, e.g. ``dict(segmentation=0.1)`` as in the authors' code.
    """

    def __init__(self, loss_weight: float = 1.0, scales: Mapping[str, float] | None = None) -> None:
        super().__init__(loss_weight)
        self.scales = dict(scales or {})

    def scale(self, modality: str) -> float:
        """Returns a modality's factor."""
        return self.scales.get(modality, 1.0)


@MODELS.register_module()
class PseudoPairLoss(WeightedLoss):
    """An unseen translation learns from a target that a seen one synthesised (thesis eqs. 4.12 and 4.13).

    Read by :class:`MixAndMatchNets`, which computes it with the target modality's own loss.

    Args:
        loss_weight: Weight of every such translation.
        label: Of a segmentation: 'hard' takes the most likely class, 'soft' the probabilities.
        min_confidence: Hard labels of a lower probability are ignored.

    Raises:
        ValueError: ``label`` is unknown, or ``min_confidence`` is not a probability.
    """

    def __init__(
        self, loss_weight: float = 1.0, label: Literal['hard', 'soft'] = 'hard', min_confidence: float = 0.0
    ) -> None:
        super().__init__(loss_weight)
        if label not in ('hard', 'soft'):
            raise ValueError(f"PseudoPairLoss.label must be 'hard' or 'soft', got {label!r}")
        if not 0 <= min_confidence <= 1:
            raise ValueError(f'PseudoPairLoss.min_confidence is a probability in [0, 1], got {min_confidence}')
        self.label = label
        self.min_confidence = min_confidence


@MODELS.register_module()
class ModalitySumLoss(WeightedLoss):
    """A term that the modalities' own losses, times their weights, make up: a cycle, an identity, a reconstruction.

    The term's name says which outputs the method compares; the method computes it.
    """
