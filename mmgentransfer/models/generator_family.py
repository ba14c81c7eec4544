"""One conditional generator as a family of generators, one for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.registry import MODELS


class _OneClass(nn.Module):
    """The generator G(i, .) of one class, on the weights of the whole family."""

    num_classes = 0

    def __init__(self, generator: nn.Module, label: int) -> None:
        super().__init__()
        self.generator = generator
        self.label = label
        self.training = generator.training
        self.noise_size, self.image_size = generator.noise_size, generator.image_size
        self.out_channels = generator.out_channels

    def forward(self, z: Tensor) -> Tensor:
        return self.generator(z, torch.full((z.shape[0],), self.label, dtype=torch.int64, device=z.device))


@MODELS.register_module()
class OneHotGeneratorFamily(BaseModule):
    """A conditional generator seen as the generators G(i, .) of its classes, which share all weights (section A.2.2).

    It stands in MineGAN's ``networks`` for the list of generators; there is one miner for each class::

        generators=dict(type='OneHotGeneratorFamily', generator=dict(type='WGANGPGenerator28', num_classes=10)),
        miners=[dict(type='MLPMiner', dims=[128, 128, 128])] * 10,

    Args:
        generator: Config of a generator that takes labels.
        classes: The classes that take part, in order; None for all.
        init_cfg: MMEngine's initialisation config; that of a transfer belongs into ``generator``.

    Raises:
        ValueError: The generator is unconditional, or ``classes`` are not different classes of it.
    """

    def __init__(
        self,
        generator: dict[str, Any],
        classes: Sequence[int] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.generator = MODELS.build(generator)
        known = getattr(self.generator, 'num_classes', 0)
        if not known:
            raise ValueError(
                f'OneHotGeneratorFamily.generator = {type(self.generator).__name__} is unconditional: give it '
                'num_classes, or list it in model.networks.generators by itself'
            )
        self.classes = list(range(known) if classes is None else classes)
        if not self.classes or len(set(self.classes)) < len(self.classes) or not set(self.classes) <= set(range(known)):
            raise ValueError(
                f'OneHotGeneratorFamily.classes must be different classes of 0 to {known - 1}, got {self.classes}'
            )

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> nn.Module:
        """Returns the generator of the class ``classes[index]``, which maps z (N, noise_size) to its images."""
        return _OneClass(self.generator, self.classes[index])
