"""Miners of a style-based generator: of its noise maps, and of the second code that style mixing takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS


@MODELS.register_module()
class NoiseMapMiner(BaseModule):
    """Noise maps of a style-based generator, mined from a short code (a variant beyond the thesis).

    A linear layer and a ReLU, then a chain of linear layers with ReLUs between them, one for each map: the map of a
    side follows from that of the side before. Weights have PyTorch's default initialisation.

    Args:
        code_size: Length of the code, standard normal.
        sides: Sides of the maps, ascending.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: ``sides`` are not ascending positive numbers, or there is none.
    """

    def __init__(
        self,
        code_size: int = 16,
        sides: Sequence[int] = (4, 8, 16, 32),
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.sides = list(sides)
        if not self.sides or self.sides != sorted(set(self.sides)) or self.sides[0] < 1:
            raise ValueError(f'NoiseMapMiner.sides must be ascending positive numbers, got {sides}.')
        self.in_features = code_size
        self.input_layer = nn.Linear(code_size, code_size)
        widths = [code_size, *(side**2 for side in self.sides)]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))

    def forward(self, code: Tensor) -> dict[int, Tensor]:
        """Maps codes (N, ``code_size``) to maps (N, 1, r, r) by side r."""
        x = self.input_layer(code)
        maps = {}
        for side, layer in zip(self.sides, self.layers, strict=True):
            x = layer(F.relu(x))
            maps[side] = x.view(-1, 1, side, side)
        return maps


@MODELS.register_module()
class StyleMiner(BaseModule):
    """The miner of a style-based generator that is trained with mixed styles, and maybe with mined noise maps.

    Its noise is that of ``miner`` with the code of ``noise_miner`` behind it. In a training step, with the probability
    ``mixing``, a second code goes through ``miner``, and its style takes over at a side that is drawn for the batch.

    Args:
        miner: Config of the miner of z.
        noise_miner: Config of a :class:`NoiseMapMiner`; None leaves all noise maps to the generator's ``noise_mode``.
        mixing: Probability of mixed styles.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: ``mixing`` is no probability.
    """

    def __init__(
        self,
        miner: dict[str, Any],
        noise_miner: dict[str, Any] | None = None,
        mixing: float = 0.9,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not 0 <= mixing <= 1:
            raise ValueError(f'StyleMiner.mixing is a probability, from 0 to 1, got {mixing}.')
        self.miner = MODELS.build(miner)
        self.noise_miner = MODELS.build(noise_miner) if noise_miner is not None else None
        self.mixing = mixing
        self.in_features = self.miner.in_features + (self.noise_miner.in_features if self.noise_miner else 0)
        self.out_features = self.miner.out_features

    @property
    def sides(self) -> list[int]:
        """Sides of the noise maps that are mined."""
        return self.noise_miner.sides if self.noise_miner else []

    def forward(self, u: Tensor) -> Tensor | tuple[Tensor, dict[str, Any]]:
        """Maps noise ``u`` (N, ``in_features``) to z (N, ``out_features``), with the generator's ``noise_maps``."""
        z = self.miner(u[:, : self.miner.in_features])
        if self.noise_miner is None:
            return z
        return z, dict(noise_maps=self.noise_miner(u[:, self.miner.in_features :]))

    def mixed(self, u: Tensor, sides: Sequence[int], random: StepRandom) -> dict[str, Any]:
        """Returns a second z and the side where it takes over, as arguments of the generator, or nothing.

        Args:
            u: Noise (N, ``in_features``), of which the second code takes its part.
            sides: The sides where a style can take over.
            random: Decides whether to mix, and where.
        """
        if random.share() >= self.mixing:
            return {}
        return dict(
            mixing_noise=self.miner(u[:, : self.miner.in_features]), crossover=sides[int(random.share() * len(sides))]
        )
