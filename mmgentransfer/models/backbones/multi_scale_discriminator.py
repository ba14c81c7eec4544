"""The patch discriminators of MUNIT and DRIT, one for each of several scales of an image."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import DrawnModule, build_norm, check_maps
from mmgentransfer.registry import MODELS

__all__ = ['MultiScaleDiscriminator']


@MODELS.register_module()
class MultiScaleDiscriminator(DrawnModule):
    """Patch discriminators of one layout and different weights, each of which sees half the side of the one before.

    A scale has ``num_layers`` 4x4 convolutions of stride 2, padded by reflection, with leaky ReLUs, and a 1x1
    convolution to a map of scores (thesis table A.18). With the defaults it has 8,271,171 parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; it doubles from one to the next.
        num_layers: Number L of halvings of a scale.
        num_scales: Number K of scales.
        slope: Of the leaky ReLUs: 0.2 in MUNIT, 0.01 in DRIT.
        norm_cfg: Config of the norms, which the first convolution lacks; None for none.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        min_side: The smallest side of an image, 2^(L + K - 1).

    Raises:
        ValueError: ``num_layers`` or ``num_scales`` is less than 1.
    """

    input_multiple = 1

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_layers: int = 4,
        num_scales: int = 3,
        slope: float = 0.2,
        norm_cfg: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] = {'type': 'normal', 'std': 0.02},
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        for key, value in (('num_layers', num_layers), ('num_scales', num_scales)):
            if value < 1:
                raise ValueError(f'MultiScaleDiscriminator.{key}={value} must be at least 1.')
        self.in_channels = in_channels
        self.min_side = 2 ** (num_layers + num_scales - 1)
        widths = [in_channels, *(base_channels * 2**i for i in range(num_layers))]
        self.scales = nn.ModuleList(_patches(widths, slope, norm_cfg) for _ in range(num_scales))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Scores images (N, C, H, W): for scale k, from 0, (N, 1, H / 2^(L + k), W / 2^(L + k)).

        Raises:
            ValueError: ``images`` have the wrong shape, or are too small for the last scale.
        """
        check_maps(self, images)
        if min(images.shape[-2:]) < self.min_side:
            raise ValueError(
                f'MultiScaleDiscriminator: num_layers and num_scales need sides of at least {self.min_side}, got '
                f'{images.shape[-2]}x{images.shape[-1]}: lower one of them.'
            )
        maps = []
        for index, scale in enumerate(self.scales):
            if index:
                images = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
            maps.append(scale(images))
        return maps


def _patches(widths: list[int], slope: float, norm_cfg: Mapping[str, Any] | None) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index, (i, o) in enumerate(pairwise(widths)):
        norm = build_norm(norm_cfg, o) if index else None
        layers.append(nn.Conv2d(i, o, 4, stride=2, padding=1, padding_mode='reflect'))
        layers += [*([] if norm is None else [norm]), nn.LeakyReLU(slope, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 1))
