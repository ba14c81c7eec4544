"""What every model of modalities does with data sets and arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.methods.mmnets.checks import check_known, read_pixels
from mmgentransfer.models.methods.mmnets.modalities import Modality
from mmgentransfer.models.methods.mmnets.preprocessor import ModalityPreprocessor
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = ['ModalityModel']

_NUM_CHECKED = 32  # samples of a data set that are looked at before training


class ModalityModel(AdversarialModel):
    """Base of the models that translate between modalities, or between domains of images.

    A subclass defines :meth:`translating_networks` and :meth:`predict`.

    Args:
        modalities: Config of each modality by name.
        batch_statistics: Whether norms use the batch's own statistics at test.
        **kwargs: As :class:`AdversarialModel`.
    """

    def __init__(self, modalities: Mapping[str, dict], batch_statistics: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.modalities: dict[str, Modality] = {name: MODELS.build(cfg) for name, cfg in modalities.items()}
        self.batch_statistics = batch_statistics
        if isinstance(self.data_preprocessor, ModalityPreprocessor):
            self.data_preprocessor.value_ranges = {
                name: modality.value_range for name, modality in self.modalities.items() if modality.value_range
            }

    # ------------------------------------------------------------------ what a subclass defines

    def translating_networks(self) -> list[nn.Module]:
        """Returns the networks that :meth:`predict` uses."""
        raise NotImplementedError

    def predict(
        self, inputs: Mapping[str, Tensor], targets: Sequence[str], via: Sequence[str] = (), **options: Any
    ) -> dict[str, Tensor]:
        """Translates values, as a batch has them, and returns raw outputs by target."""
        raise NotImplementedError

    # ------------------------------------------------------------------ data sets

    @property
    def input_multiple(self) -> int:
        """Of which the sides of an input must be multiples."""
        modules = (module for network in self.translating_networks() for module in network.modules())
        return math.lcm(*(getattr(module, 'input_multiple', 1) for module in modules))

    def some_samples(self, dataset: Dataset, training: bool) -> dict[str, Any]:
        """Returns samples of all over a data set, as the networks would see them."""
        index = np.linspace(0, len(dataset) - 1, min(_NUM_CHECKED, len(dataset))).astype(int).tolist()
        return self.data_preprocessor(dataset.__getitems__(index), training, StepRandom(0, device=self._device))

    # ------------------------------------------------------------------ inference

    def translate(
        self, inputs: Mapping[str, np.ndarray], target: str, via: Sequence[str] = (), **options: Any
    ) -> np.ndarray:
        """Translates images to another modality or domain, a pair that was seen in training or not.

        Args:
            inputs: Arrays by modality, (H, W[, C]) or a batch (N, H, W[, C]): uint8 images, depth in float metres
                with 0 for missing, integer labels. Mix and match networks take several.
            target: The modality to make.
            via: Modalities to go through, e.g. ``['rgb']``: a cascade.
            **options: As :meth:`predict`; of mix and match networks those of :class:`LatentFusion`.

        Returns:
            The same form for the target: uint8 images, metres (float32), labels (uint8); a batch for a batch.

        Raises:
            ValueError: An unknown modality, a translation that the model lacks, inputs of different sizes, or sides
                that the networks can't halve.
        """
        check_known('the translation', [*inputs, *via, target], list(self.modalities))
        values, batched = read_pixels(self.modalities, self.input_multiple, inputs)
        values = {name: value.to(self._device) for name, value in values.items()}
        output = self.predict(values, [target], via, **options)[target]
        pixels = self.modalities[target].to_pixels(self.modalities[target].to_values(output)).cpu().numpy()
        return pixels if batched else pixels[0]
