"""StarGAN's networks, at any width, with the layouts of the original paper."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import InitCfg, PaddedResidualBlock
from mmgentransfer.models.layers.convolutions import DrawnModule, check_maps, conv_norm_relu
from mmgentransfer.registry import MODELS

__all__ = ['StarGANDiscriminator', 'StarGANGenerator']

_AFFINE_IN = {'type': 'IN'}
_NORMAL = {'type': 'normal', 'std': 0.02}


@MODELS.register_module()
class StarGANGenerator(DrawnModule):
    """StarGAN's generator: the target domain, as constant maps, is a part of the input of a residual network.

    With the defaults it has 8,430,528 parameters.

    Args:
        in_channels: Channels of the images.
        num_domains: Length C of the vector that names the target: domains or attributes.
        base_channels: Width at full side; at a quarter of it there are 4 times as many.
        num_blocks: Number of residual blocks.
        norm_cfg: Config of the norms; None for none.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    input_multiple = 4

    def __init__(
        self,
        in_channels: int = 3,
        num_domains: int = 5,
        base_channels: int = 64,
        num_blocks: int = 6,
        norm_cfg: Mapping[str, Any] | None = _AFFINE_IN,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.num_domains = num_domains
        widths = [base_channels, 2 * base_channels, 4 * base_channels]
        first = nn.Conv2d(in_channels + num_domains, base_channels, 7, padding=3, bias=False)
        layers = conv_norm_relu(first, norm_cfg)
        for i, o in pairwise(widths):
            layers += conv_norm_relu(nn.Conv2d(i, o, 4, stride=2, padding=1, bias=False), norm_cfg)
        layers += [PaddedResidualBlock(widths[-1], norm_cfg, False, 'zeros') for _ in range(num_blocks)]
        for i, o in pairwise(reversed(widths)):
            layers += conv_norm_relu(nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, bias=False), norm_cfg)
        self.layers = nn.Sequential(*layers, nn.Conv2d(base_channels, in_channels, 7, padding=3, bias=False), nn.Tanh())

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        """Translates images (N, C, H, W) to the domains that ``domains`` (N, num_domains), of 0 and 1, name.

        Raises:
            ValueError: ``images`` or ``domains`` have the wrong shape.
        """
        check_maps(self, images)
        if domains.shape != (images.shape[0], self.num_domains):
            raise ValueError(
                f'StarGANGenerator was built with num_domains={self.num_domains} and takes domains of the shape '
                f'({images.shape[0]}, {self.num_domains}), got {tuple(domains.shape)}.'
            )
        maps = domains.to(images.dtype)[:, :, None, None].expand(-1, -1, *images.shape[-2:])
        return self.layers(torch.cat([images, maps], dim=1))


@MODELS.register_module()
class StarGANDiscriminator(DrawnModule):
    """StarGAN's critic: 4x4 convolutions of stride 2, a map of scores, and the logits of the image's domain.

    With the defaults it has 44,762,048 parameters.

    Args:
        in_channels: Channels of the images; or those of each modality by its name, which then has a first convolution
            of its own.
        num_domains: Number C of logits.
        image_size: Side of the images, a multiple of 2^num_downs.
        base_channels: Width of the first convolution; it doubles from one to the next.
        num_downs: Number of halvings.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no multiple of 2^num_downs.
    """

    def __init__(
        self,
        in_channels: int | Mapping[str, int] = 3,
        num_domains: int = 5,
        image_size: int = 128,
        base_channels: int = 64,
        num_downs: int = 6,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 1 or image_size % 2**num_downs:
            raise ValueError(
                f'StarGANDiscriminator.image_size={image_size} must be a multiple of 2^num_downs, num_downs='
                f'{num_downs}, which must be at least 1.'
            )
        self.in_channels = in_channels
        self.image_size = image_size
        self.num_domains = num_domains
        widths = [base_channels * 2**i for i in range(num_downs)]
        if isinstance(in_channels, int):
            self.first: nn.Module = nn.Conv2d(in_channels, base_channels, 4, stride=2, padding=1)
        else:
            self.first = nn.ModuleDict(
                {name: nn.Conv2d(c, base_channels, 4, stride=2, padding=1) for name, c in in_channels.items()}
            )
        layers: list[nn.Module] = [nn.LeakyReLU(0.01)]
        for i, o in pairwise(widths):
            layers += [nn.Conv2d(i, o, 4, stride=2, padding=1), nn.LeakyReLU(0.01)]
        self.layers = nn.Sequential(*layers)
        self.score_head = nn.Conv2d(widths[-1], 1, 3, padding=1, bias=False)
        self.domain_head = nn.Conv2d(widths[-1], num_domains, image_size // 2**num_downs, bias=False)

    def forward(self, images: Tensor, modality: str | None = None) -> tuple[Tensor, Tensor]:
        """Scores images (N, C, S, S), of a ``modality`` if there are several.

        Returns:
            Scores (N, 1, S / 2^num_downs, S / 2^num_downs) and logits (N, num_domains).

        Raises:
            ValueError: ``images`` have another side.
        """
        if images.shape[-2:] != (self.image_size, self.image_size):
            raise ValueError(
                f'StarGANDiscriminator was built with image_size={self.image_size}, got images {tuple(images.shape)}.'
            )
        features = self.layers(self.first(images) if modality is None else self.first[modality](images))
        return self.score_head(features), self.domain_head(features).flatten(1)
