"""DRIT's generators, at any width, with the layouts of the original code."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.baselines.drit.networks import DRITNetwork, InstanceResBlock, reflection_conv
from mmgentransfer.models.layers.norms import ChannelLayerNorm
from mmgentransfer.registry import MODELS

__all__ = ['DRITGeneratorConcat', 'DRITGeneratorFeatureWise']

_NORMAL = {'type': 'normal', 'std': 0.02}
InitCfg = dict[str, Any] | list[dict[str, Any]] | None


class _TiledCode(nn.Module):
    """A layer whose input is joined by the code as constant maps."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        return self.layer(_with_code(x, code))


def _with_code(x: Tensor, code: Tensor) -> Tensor:
    return torch.cat([x, code.to(x.dtype)[:, :, None, None].expand(-1, -1, *x.shape[-2:])], dim=1)


def _double(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1),
        ChannelLayerNorm(out_channels),
        nn.ReLU(inplace=True),
    )


@MODELS.register_module()
class DRITGeneratorConcat(DRITNetwork):
    """Makes an image of a domain from a content and a code, which is a part of every layer's input.

    A residual block that the domains share; then, of each domain's own, residual blocks of content and code, doublings
    with layer norms, each to half the channels of its input, and a 1x1 convolution with tanh. With the defaults it has
    9,564,710 parameters.

    Args:
        out_channels: Channels of the images.
        base_channels: Width at full side, as of :class:`DRITContentEncoder`.
        code_size: Length Z of the code.
        num_ups: Number of doublings.
        num_blocks: Number of residual blocks of each domain.
        init: How convolutions' weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``num_ups`` is less than 1, or the widths can't be halved.
    """

    gaussian_codes = True

    def __init__(
        self,
        out_channels: int = 3,
        base_channels: int = 64,
        code_size: int = 8,
        num_ups: int = 2,
        num_blocks: int = 3,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_ups < 1:
            raise ValueError(f'DRITGeneratorConcat.num_ups={num_ups} must be at least 1.')
        self.in_channels = base_channels * 2**num_ups
        self.out_channels = out_channels
        self.code_size = code_size
        self.shared = InstanceResBlock(self.in_channels)
        self.branches = nn.ModuleList()
        for _ in range(2):
            width = self.in_channels + code_size
            blocks = nn.Sequential(*[InstanceResBlock(width) for _ in range(num_blocks)])
            layers = [_TiledCode(blocks)]
            for _ in range(num_ups):
                width += code_size
                if width % 2:
                    raise ValueError(
                        f'DRITGeneratorConcat: {width} channels can not be halved; take an even code_size, got '
                        f'{code_size}, and base_channels={base_channels} that fit.'
                    )
                layers.append(_TiledCode(_double(width, width // 2)))
                width //= 2
            last = nn.ConvTranspose2d(width + code_size, out_channels, 1)
            self.branches.append(nn.ModuleList([*layers, _TiledCode(nn.Sequential(last, nn.Tanh()))]))

    def forward(self, contents: Tensor, codes: Tensor, domain: int) -> Tensor:
        """Returns images (N, C, H, W) of ``domain``, 0 or 1, from contents and codes (N, Z)."""
        _check_codes(self, contents, codes)
        x = self.shared(contents)
        for layer in self.branches[domain]:
            x = layer(x, codes)
        return x


class _CodeResBlock(nn.Module):
    """Twice a 3x3 convolution with an instance norm, and two 1x1 convolutions of its output and a code; identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs, self.mixers = nn.ModuleList(), nn.ModuleList()
        for _ in range(2):
            self.convs.append(nn.Sequential(reflection_conv(channels, channels, 3), nn.InstanceNorm2d(channels)))
            layers = [nn.Conv2d(2 * channels, 2 * channels, 1), nn.ReLU(inplace=True)]
            self.mixers.append(nn.Sequential(*layers, nn.Conv2d(2 * channels, channels, 1), nn.ReLU(inplace=True)))

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        h = x
        for conv, mixer in zip(self.convs, self.mixers, strict=True):
            h = mixer(_with_code(conv(h), code))
        return x + h


@MODELS.register_module()
class DRITGeneratorFeatureWise(DRITNetwork):
    """Makes an image of a domain from a content and a code, from which a network makes a vector for each block.

    All is of each domain's own: a network of three linear layers from the code to a vector of the content's channels
    for each residual block, which see it as constant maps; doublings with layer norms, and a 1x1 convolution with tanh.
    With the defaults it has 17,146,374 parameters.

    Args:
        out_channels: Channels of the images.
        base_channels: Width at full side, as of :class:`DRITContentEncoder`.
        code_size: Length Z of the code.
        num_ups: Number of doublings.
        num_blocks: Number of residual blocks of each domain.
        hidden: Width of the linear layers.
        init: How convolutions' weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``num_ups`` or ``num_blocks`` is less than 1.
    """

    gaussian_codes = False

    def __init__(
        self,
        out_channels: int = 3,
        base_channels: int = 64,
        code_size: int = 8,
        num_ups: int = 2,
        num_blocks: int = 4,
        hidden: int = 256,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if min(num_ups, num_blocks) < 1:
            raise ValueError(
                f'DRITGeneratorFeatureWise.num_ups={num_ups} and num_blocks={num_blocks} must be at least 1.'
            )
        self.in_channels = base_channels * 2**num_ups
        self.out_channels = out_channels
        self.code_size = code_size
        self.mappings, self.blocks, self.tails = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for _ in range(2):
            layers = [nn.Linear(code_size, hidden), nn.ReLU(inplace=True)]
            layers += [nn.Linear(hidden, hidden), nn.ReLU(inplace=True)]
            self.mappings.append(nn.Sequential(*layers, nn.Linear(hidden, num_blocks * self.in_channels)))
            self.blocks.append(nn.ModuleList([_CodeResBlock(self.in_channels) for _ in range(num_blocks)]))
            ups = [_double(i, o) for i, o in pairwise(base_channels * 2**level for level in range(num_ups, -1, -1))]
            self.tails.append(nn.Sequential(*ups, nn.ConvTranspose2d(base_channels, out_channels, 1), nn.Tanh()))

    def forward(self, contents: Tensor, codes: Tensor, domain: int) -> Tensor:
        """Returns images (N, C, H, W) of ``domain``, 0 or 1, from contents and codes (N, Z)."""
        _check_codes(self, contents, codes)
        vectors = self.mappings[domain](codes).chunk(len(self.blocks[domain]), dim=1)
        x = contents
        for block, vector in zip(self.blocks[domain], vectors, strict=True):
            x = block(x, vector)
        return self.tails[domain](x)


def _check_codes(generator: nn.Module, contents: Tensor, codes: Tensor) -> None:
    name = type(generator).__name__
    if contents.shape[1] != generator.in_channels:
        raise ValueError(
            f'{name} was built for contents of {generator.in_channels} channels, base_channels * 2^num_ups, got '
            f'{tuple(contents.shape)}.'
        )
    if codes.shape != (contents.shape[0], generator.code_size):
        raise ValueError(
            f'{name} was built with code_size={generator.code_size} and takes codes of the shape '
            f'({contents.shape[0]}, {generator.code_size}), got {tuple(codes.shape)}.'
        )
