"""StarGAN v2's networks, at any width, with the layouts of the original paper (without its high-pass skips)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import InitCfg
from mmgentransfer.models.layers.convolutions import check_maps
from mmgentransfer.registry import MODELS

__all__ = [
    'StarGANv2Discriminator',
    'StarGANv2Generator',
    'StarGANv2MappingNetwork',
    'StarGANv2StyleEncoder',
]

_LARGEST = 2**14  # width times side of the first layer
_SLOPE = 0.2


class DomainLinear(nn.Module):
    """A linear layer for each of K domains; a sample passes that of its own."""

    def __init__(self, num_domains: int, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_domains, out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(num_domains, out_features))

    def forward(self, x: Tensor, domains: Tensor) -> Tensor:
        """Maps ``x`` (N, i) of ``domains`` int64 (N,) to (N, o)."""
        weight = self.weight[domains].to(x.dtype)
        return torch.baddbmm(self.bias[domains, :, None].to(x.dtype), weight, x[:, :, None])[:, :, 0]


class StyleNorm(nn.Module):
    """Instance normalisation whose scale and offset are linear in a style (AdaIN)."""

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.style = nn.Linear(style_dim, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, offset = self.style(style)[:, :, None, None].to(x.dtype).chunk(2, dim=1)
        return torch.addcmul(offset, F.instance_norm(x), 1 + scale)


class DownBlock(nn.Module):
    """Pre-activation residual block, of unit variance, that may halve the side."""

    def __init__(self, in_channels: int, out_channels: int, halves: bool, norms: bool) -> None:
        super().__init__()
        self.halves = halves
        self.conv1 = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm1, self.norm2 = (
            nn.InstanceNorm2d(in_channels, affine=True) if norms else nn.Identity() for _ in range(2)
        )
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False) if in_channels != out_channels else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.leaky_relu(self.norm1(x), _SLOPE))
        if self.halves:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        h = self.conv2(F.leaky_relu(self.norm2(h), _SLOPE))
        # pooling and a 1x1 convolution without bias commute
        return (h + (x if self.shortcut is None else self.shortcut(x))) / math.sqrt(2)


class StyledBlock(nn.Module):
    """Pre-activation residual block, of unit variance, with styled norms, that may double the side."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, doubles: bool) -> None:
        super().__init__()
        self.doubles = doubles
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.norm1 = StyleNorm(in_channels, style_dim)
        self.norm2 = StyleNorm(out_channels, style_dim)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False) if in_channels != out_channels else None

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        h = F.leaky_relu(self.norm1(x, style), _SLOPE)
        x = x if self.shortcut is None else self.shortcut(x)
        if self.doubles:
            h, x = F.interpolate(h, scale_factor=2.0), F.interpolate(x, scale_factor=2.0)
        h = self.conv2(F.leaky_relu(self.norm2(self.conv1(h), style), _SLOPE))
        return (h + x) / math.sqrt(2)


class _DrawnNetwork(BaseModule):
    """Base of the networks: weights are normal with the variance 2 / fan_in, biases 0."""

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            for layer in self.modules():
                if isinstance(layer, DomainLinear):
                    nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.weight.shape[2]))
                    nn.init.zeros_(layer.bias)
                elif isinstance(layer, (nn.Conv2d, nn.Linear)):
                    nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)
        super().init_weights()


def _first_width(network: nn.Module, image_size: int, base_channels: int | None) -> int:
    if image_size < 16 or image_size & (image_size - 1):
        raise ValueError(f'{type(network).__name__}.image_size={image_size} must be a power of 2, 16 or more.')
    return _LARGEST // image_size if base_channels is None else base_channels


@MODELS.register_module()
class StarGANv2Generator(_DrawnNetwork):
    """StarGAN v2's generator: residual blocks to a small map and back; styles set the norms on the way back.

    With the defaults, for 256x256 images, it has 33,892,995 parameters. Its output is not limited to [-1, 1].

    Args:
        image_size: Side of the images, a power of 2.
        in_channels: Channels of the images.
        style_dim: Width of the styles.
        base_channels: Width at full side; it doubles with every halving. None: 2^14 / image_size.
        max_channels: Largest width.
        num_downs: Number of halvings; None: down to 16x16, but at least one.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2, or there are more halvings than it has.
    """

    def __init__(
        self,
        image_size: int = 256,
        in_channels: int = 3,
        style_dim: int = 64,
        base_channels: int | None = None,
        max_channels: int = 512,
        num_downs: int | None = None,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init_cfg)
        width = _first_width(self, image_size, base_channels)
        levels = image_size.bit_length() - 1
        num_downs = max(levels - 4, 1) if num_downs is None else num_downs
        if not 0 <= num_downs < levels:
            raise ValueError(f'StarGANv2Generator.num_downs={num_downs} must lie in 0..{levels - 1} for {image_size=}.')
        self.in_channels = in_channels
        self.style_dim = style_dim
        self.input_multiple = 2**num_downs
        widths = [min(width * 2**level, max(max_channels, width)) for level in range(num_downs + 1)]
        self.first = nn.Conv2d(in_channels, width, 3, padding=1)
        downs = [DownBlock(i, o, True, True) for i, o in pairwise(widths)]
        self.downs = nn.Sequential(*downs, *(DownBlock(widths[-1], widths[-1], False, True) for _ in range(2)))
        ups = [StyledBlock(o, i, style_dim, True) for i, o in pairwise(widths)]
        middle = [StyledBlock(widths[-1], widths[-1], style_dim, False) for _ in range(2)]
        self.ups = nn.ModuleList([*middle, *reversed(ups)])
        self.last = nn.Sequential(
            nn.InstanceNorm2d(width, affine=True), nn.LeakyReLU(_SLOPE), nn.Conv2d(width, in_channels, 1)
        )

    def encode(self, images: Tensor) -> Tensor:
        """Returns the content of images (N, C, H, W), which doesn't depend on the style.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        return self.downs(self.first(images))

    def decode(self, content: Tensor, styles: Tensor) -> Tensor:
        """Returns the images (N, C, H, W) of contents (N, c, h, w) and ``styles`` (N, style_dim)."""
        x = content
        for block in self.ups:
            x = block(x, styles)
        return self.last(x)

    def forward(self, images: Tensor, styles: Tensor) -> Tensor:
        """Translates images (N, C, H, W) to ``styles`` (N, style_dim)."""
        return self.decode(self.encode(images), styles)


@MODELS.register_module()
class StarGANv2MappingNetwork(_DrawnNetwork):
    """StarGAN v2's mapping network: from a latent code to a style of a domain.

    Four linear layers are shared, four are those of the domain. With the defaults and two domains it has 2,438,272
    parameters.

    Args:
        num_domains: Number K of domains.
        code_dim: Width of the codes.
        style_dim: Width of the styles.
        width: Width of the hidden layers.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    def __init__(
        self,
        num_domains: int,
        code_dim: int = 16,
        style_dim: int = 64,
        width: int = 512,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_domains = num_domains
        self.code_dim = code_dim
        self.style_dim = style_dim
        layers: list[nn.Module] = []
        for i in (code_dim, width, width, width):
            layers += [nn.Linear(i, width), nn.ReLU()]
        self.shared = nn.Sequential(*layers)
        self.own = nn.ModuleList(DomainLinear(num_domains, width, o) for o in (width, width, width, style_dim))

    def forward(self, codes: Tensor, domains: Tensor) -> Tensor:
        """Maps ``codes`` (N, code_dim) to styles (N, style_dim) of ``domains`` int64 (N,)."""
        x = self.shared(codes)
        for layer in self.own[:-1]:
            x = F.relu(layer(x, domains))
        return self.own[-1](x, domains)


class _Trunk(nn.Sequential):
    """Residual blocks without norms from an image to a vector of ``self.width`` numbers."""

    def __init__(self, image_size: int, in_channels: int, width: int, max_channels: int) -> None:
        num_downs = image_size.bit_length() - 3  # to 4x4
        widths = [min(width * 2**level, max(max_channels, width)) for level in range(num_downs + 1)]
        super().__init__(
            nn.Conv2d(in_channels, width, 3, padding=1),
            *(DownBlock(i, o, True, False) for i, o in pairwise(widths)),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(widths[-1], widths[-1], 4),
            nn.LeakyReLU(_SLOPE),
            nn.Flatten(),
        )
        self.width = widths[-1]


class _DomainHeads(_DrawnNetwork):
    """A trunk with a linear layer for each domain."""

    def __init__(
        self,
        num_domains: int,
        image_size: int,
        in_channels: int,
        out_features: int,
        base_channels: int | None,
        max_channels: int,
        init_cfg: InitCfg,
    ) -> None:
        super().__init__(init_cfg)
        width = _first_width(self, image_size, base_channels)
        self.num_domains = num_domains
        self.image_size = image_size
        self.in_channels = in_channels
        self.trunk = _Trunk(image_size, in_channels, width, max_channels)
        self.heads = DomainLinear(num_domains, self.trunk.width, out_features)

    def features(self, images: Tensor) -> Tensor:
        """Returns what the heads see of images (N, C, S, S).

        Raises:
            ValueError: ``images`` have another shape.
        """
        wanted = (self.in_channels, self.image_size, self.image_size)
        if images.shape[1:] != wanted:
            raise ValueError(f'{type(self).__name__} was built for images {wanted}, got {tuple(images.shape)}.')
        return self.trunk(images)


@MODELS.register_module()
class StarGANv2StyleEncoder(_DomainHeads):
    """StarGAN v2's style encoder: from an image to its style.

    With the defaults and two domains it has 20,916,928 parameters.

    Args:
        num_domains: Number K of domains.
        image_size: Side of the images, a power of 2.
        in_channels: Channels of the images.
        style_dim: Width of the styles.
        base_channels: Width at full side; None: 2^14 / image_size.
        max_channels: Largest width.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2.
    """

    def __init__(
        self,
        num_domains: int,
        image_size: int = 256,
        in_channels: int = 3,
        style_dim: int = 64,
        base_channels: int | None = None,
        max_channels: int = 512,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(num_domains, image_size, in_channels, style_dim, base_channels, max_channels, init_cfg)
        self.style_dim = style_dim

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        """Returns the styles (N, style_dim) of images (N, C, S, S) of ``domains`` int64 (N,)."""
        return self.heads(self.features(images), domains)


@MODELS.register_module()
class StarGANv2Discriminator(_DomainHeads):
    """StarGAN v2's discriminator of several tasks: for each domain, is this one of its images?

    With the defaults and two domains it has 20,852,290 parameters.

    Args:
        num_domains: Number K of domains.
        image_size: Side of the images, a power of 2.
        in_channels: Channels of the images.
        base_channels: Width at full side; None: 2^14 / image_size.
        max_channels: Largest width.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2.
    """

    def __init__(
        self,
        num_domains: int,
        image_size: int = 256,
        in_channels: int = 3,
        base_channels: int | None = None,
        max_channels: int = 512,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(num_domains, image_size, in_channels, 1, base_channels, max_channels, init_cfg)

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        """Returns the scores (N,) of images (N, C, S, S) as ones of ``domains`` int64 (N,)."""
        return self.heads(self.features(images), domains)[:, 0]
