"""NICE-GAN's networks, at any width, with the layouts of the original paper."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import InitCfg
from mmgentransfer.models.layers.convolutions import DrawnModule, check_maps, draw_convolutions
from mmgentransfer.models.layers.spectral import reset_spectral, spectral
from mmgentransfer.registry import MODELS

__all__ = ['NICEGANDiscriminator', 'NICEGANGenerator', 'NICEGANScores']

_UNIFORM = {'type': 'uniform'}


class InstanceLayerNorm(nn.Module):
    """A mixture of instance and layer normalisation, whose share is learned for each channel.

    Args:
        channels: Number of channels.
        logits: What the softmax of instance and layer normalisation begins at.
        affine: Whether scale and offset are learned (ILN); else they are arguments (AdaILN).
    """

    def __init__(self, channels: int, logits: tuple[float, float], affine: bool) -> None:
        super().__init__()
        self.mixture = nn.Parameter(torch.tensor(logits)[:, None].repeat(1, channels))
        self.weight = nn.Parameter(torch.ones(1, channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(1, channels)) if affine else None

    def forward(self, x: Tensor, scale: Tensor | None = None, offset: Tensor | None = None) -> Tensor:
        """Normalises ``x`` (N, c, h, w); ``scale`` and ``offset`` (N, c) are those of AdaILN."""
        instance, layer = self.mixture.softmax(0)[:, None, :, None, None].to(x.dtype)
        mixed = instance * F.instance_norm(x) + layer * F.group_norm(x, 1)
        scale, offset = (self.weight, self.bias) if scale is None else (scale, offset)
        return torch.addcmul(offset[:, :, None, None].to(mixed.dtype), mixed, scale[:, :, None, None].to(mixed.dtype))


class AdaILNBlock(nn.Module):
    """Two 3x3 convolutions with norms of given scale and offset, a ReLU after the first, and the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (_reflected(channels, channels, 3, bias=False) for _ in range(2))
        self.norm1, self.norm2 = (InstanceLayerNorm(channels, (3.2, 1.0), affine=False) for _ in range(2))

    def forward(self, x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        h = F.relu(self.norm1(self.conv1(x), scale, offset))
        return x + self.norm2(self.conv2(h), scale, offset)


def _reflected(in_channels: int, out_channels: int, kernel: int, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    padding = 1 if kernel == 4 else kernel // 2
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=bias, padding_mode='reflect')


@MODELS.register_module()
class NICEGANGenerator(DrawnModule):
    """NICE-GAN's generator: from the hidden features of a discriminator, at a quarter of the side, to an image.

    With the defaults it has 8,104,640 parameters.

    Args:
        in_channels: Channels of the features: ``hidden_channels`` of the discriminator.
        out_channels: Channels of the images.
        base_channels: Width at full side; the residual blocks have 4 times as many.
        num_blocks: Number of residual blocks.
        feature_size: None: scale and offset of the blocks' norms follow from the features' mean ('light'); or the side
            of the features, all of which they follow from.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    input_multiple = 1

    def __init__(
        self,
        in_channels: int = 128,
        out_channels: int = 3,
        base_channels: int = 64,
        num_blocks: int = 6,
        feature_size: int | None = None,
        init: Mapping[str, Any] = _UNIFORM,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.feature_size = feature_size
        width = 4 * base_channels
        self.first = nn.Sequential(_reflected(in_channels, width, 3), InstanceLayerNorm(width, (1.0, 3.2), True))
        places = 1 if feature_size is None else feature_size**2
        self.style = nn.Sequential(
            nn.Linear(places * width, width, bias=False), nn.ReLU(), nn.Linear(width, width, bias=False), nn.ReLU()
        )
        self.scale = nn.Linear(width, width, bias=False)
        self.offset = nn.Linear(width, width, bias=False)
        self.blocks = nn.ModuleList(AdaILNBlock(width) for _ in range(num_blocks))
        layers: list[nn.Module] = []
        for i, o in ((width, width // 2), (width // 2, width // 4)):
            layers += [_reflected(i, o, 3, bias=False), InstanceLayerNorm(o, (1.0, 3.2), True), nn.ReLU()]
            layers += [nn.Conv2d(o, 4 * o, 1), nn.PixelShuffle(2), InstanceLayerNorm(o, (1.0, 3.2), True), nn.ReLU()]
        self.last = nn.Sequential(*layers, _reflected(base_channels, out_channels, 7, bias=False), nn.Tanh())

    def draw_weights(self) -> None:
        """Draws all weights."""
        draw_convolutions(self, self.init, linear=True)

    def forward(self, features: Tensor) -> Tensor:
        """Maps features (N, in_channels, h, w) to images (N, out_channels, 4h, 4w).

        Raises:
            ValueError: ``features`` have the wrong shape.
        """
        check_maps(self, features)
        side = self.feature_size
        if side is not None and features.shape[-2:] != (side, side):
            raise ValueError(f'NICEGANGenerator was built with feature_size={side}, got {tuple(features.shape)}.')
        x = F.relu(self.first(features))
        style = self.style(x.mean((2, 3)) if side is None else x.flatten(1))
        scale, offset = self.scale(style), self.offset(style)
        for block in self.blocks:
            x = block(x, scale, offset)
        return self.last(x)


class NICEGANScores(NamedTuple):
    """What a discriminator says: scores of small patches, of large ones, and of the attention's features."""

    local: Tensor
    large: Tensor
    attention: Tensor


@MODELS.register_module()
class NICEGANDiscriminator(DrawnModule):
    """NICE-GAN's discriminator, whose beginning, two halvings and attention, is the generator's encoder.

    Class activation maps weigh the hidden features; two branches score patches of 70x70 and, with the defaults, 286x286
    pixels. All weights but those of the 1x1 convolution have spectral norm. With the defaults it has 46,874,433
    parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; it doubles from one to the next.
        local_downs: Number of further halvings in front of the branch of small patches.
        global_downs: Number of further halvings, behind those, in front of the branch of large patches.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        hidden_channels: Channels of what :meth:`encode` returns.

    Raises:
        ValueError: A number of halvings is negative.
    """

    input_multiple = 4

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        local_downs: int = 1,
        global_downs: int = 2,
        init: Mapping[str, Any] = _UNIFORM,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if min(local_downs, global_downs) < 0:
            raise ValueError(
                f'NICEGANDiscriminator.local_downs={local_downs} and global_downs={global_downs} must be at least 0.'
            )
        self.in_channels = in_channels
        self.num_downs = 2 + local_downs + global_downs
        self.hidden_channels = hidden = 2 * base_channels
        self.encoder = nn.Sequential(*_downs([in_channels, base_channels, hidden], 2))
        self.attention = spectral(nn.Linear(2 * hidden, 1, bias=False))
        self.mix = nn.Conv2d(2 * hidden, hidden, 1)
        self.gate = nn.Parameter(torch.zeros(1))
        middle = hidden * 2**local_downs
        deep = middle * 2**global_downs
        self.shared = nn.Sequential(*_downs([hidden * 2**k for k in range(local_downs + 1)], 2))
        self.local = nn.Sequential(*_downs([middle, 2 * middle], 1), spectral(_reflected(2 * middle, 1, 4, bias=False)))
        self.large = nn.Sequential(
            *_downs([middle * 2**k for k in range(global_downs + 1)], 2),
            *_downs([deep, 2 * deep], 1),
            spectral(_reflected(2 * deep, 1, 4, bias=False)),
        )

    def draw_weights(self) -> None:
        """Draws all weights, and estimates their largest singular values."""
        draw_convolutions(self, self.init, linear=True)
        nn.init.zeros_(self.gate)
        reset_spectral(self)

    def encode(self, images: Tensor) -> Tensor:
        """Returns the hidden features (N, hidden_channels, H/4, W/4), which a generator takes.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        return self._attend(images)[0]

    def _attend(self, images: Tensor) -> tuple[Tensor, Tensor]:
        check_maps(self, images)
        x = self.encoder(images)
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
        weight = self.attention.weight  # used twice, but normalised once
        # the weights of the maps go into the 1x1 convolution: the weighted maps themselves would be twice as many
        kernel = self.mix.weight * weight[:, :, None, None]
        half = self.hidden_channels
        mixed = F.conv2d(x, kernel[:, :half] + kernel[:, half:], self.mix.bias)
        return F.leaky_relu(self.gate * mixed + x, 0.2), F.linear(pooled, weight)

    def forward(self, images: Tensor) -> tuple[Tensor, NICEGANScores]:
        """Returns :meth:`encode` of images (N, C, H, W), and the scores that are made of it.

        Raises:
            ValueError: ``images`` have the wrong shape, or are too small.
        """
        if min(images.shape[-2:]) < 3 * 2**self.num_downs:
            raise ValueError(
                f'NICEGANDiscriminator halves {self.num_downs} times and takes sides of {3 * 2**self.num_downs} or '
                f'more, got {tuple(images.shape)}: lower global_downs or local_downs.'
            )
        hidden, attention = self._attend(images)
        shared = self.shared(hidden)
        return hidden, NICEGANScores(self.local(shared), self.large(shared), attention)


def _downs(widths: list[int], stride: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for i, o in pairwise(widths):
        layers += [spectral(_reflected(i, o, 4, stride)), nn.LeakyReLU(0.2)]
    return layers
