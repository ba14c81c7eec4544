"""SDIT's generator and its parts (thesis section 6.3); the discriminator has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import InitCfg, PaddedResidualBlock
from mmgentransfer.models.layers.convolutions import build_norm, check_maps, conv_norm_relu
from mmgentransfer.models.layers.norms import ConditionalInstanceNorm
from mmgentransfer.registry import MODELS

__all__ = [
    'CINBottleneck',
    'CodeMLP',
    'FeatureAttention',
    'LabelConditionedEncoder',
    'SDITGenerator',
    'TranslationDecoder',
    'fuse',
]

_IN = {'type': 'IN'}
CIN_MODES = {'both': 2, 'gamma': 1, 'beta': 1}


@MODELS.register_module()
class LabelConditionedEncoder(nn.Module):
    """SDIT's encoder E: the image with its target domain, as constant maps, through halvings and residual blocks.

    Args:
        in_channels: Channels of the images.
        num_domains: Length C of the vectors that name targets.
        base_channels: Width W at full side; it doubles with every halving.
        num_down: Number of halvings.
        num_blocks: Number of residual blocks.
        padding_mode: Of all convolutions. Only 'zeros' lets the label through: the border is where constant maps are
            not constant; with any other padding they add a constant to a channel, which the instance norm takes away.

    Raises:
        ValueError: ``padding_mode`` is not 'zeros', or ``num_down`` is less than 1.
    """

    def __init__(
        self,
        in_channels: int = 3,
        num_domains: int = 5,
        base_channels: int = 64,
        num_down: int = 2,
        num_blocks: int = 6,
        padding_mode: str = 'zeros',
    ) -> None:
        super().__init__()
        if padding_mode != 'zeros':
            raise ValueError(
                f'LabelConditionedEncoder.padding_mode={padding_mode!r} hides the target from the encoder: constant '
                "label maps add a constant to each channel, which the instance norm removes; use 'zeros'."
            )
        if num_down < 1:
            raise ValueError(f'LabelConditionedEncoder.num_down={num_down} must be at least 1.')
        widths = [base_channels * 2**i for i in range(num_down + 1)]
        first = nn.Conv2d(in_channels + num_domains, base_channels, 7, padding=3, bias=False)
        layers = conv_norm_relu(first, _IN)
        for i, o in pairwise(widths):
            layers += conv_norm_relu(nn.Conv2d(i, o, 4, stride=2, padding=1, bias=False), _IN)
        self.layers = nn.Sequential(*layers, *_residual_blocks(widths[-1], num_blocks))

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        """Maps images (N, in_channels, S, S) and targets (N, C) to features (N, W 2^num_down, s, s)."""
        maps = domains.to(images.dtype)[:, :, None, None].expand(-1, -1, *images.shape[-2:])
        return self.layers(torch.cat([images, maps], dim=1))


@MODELS.register_module()
class CodeMLP(nn.Module):
    """SDIT's M: a code becomes the shifts and scales of all conditional instance norms (thesis section 6.3.1).

    Args:
        out_features: How many numbers P the norms take; the generator knows.
        code_dim: Width Z of the code.
        hidden: Width of the hidden layers.
        num_layers: Number of linear layers, ReLUs between them.

    Raises:
        ValueError: A number is less than 1.
    """

    def __init__(self, out_features: int, code_dim: int = 8, hidden: int = 256, num_layers: int = 2) -> None:
        super().__init__()
        for key, value in (('code_dim', code_dim), ('hidden', hidden), ('num_layers', num_layers)):
            if value < 1:
                raise ValueError(f'CodeMLP.{key}={value} must be at least 1.')
        self.code_dim = code_dim
        widths = [code_dim, *[hidden] * (num_layers - 1), out_features]
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers += [nn.Linear(i, o), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, codes: Tensor) -> Tensor:
        """Maps codes (N, Z) to (N, P)."""
        return self.layers(codes)


class CINResidualBlock(nn.Module):
    """Two 3x3 convolutions with conditional instance norms, a ReLU after the first, and the identity."""

    def __init__(self, channels: int, padding_mode: str, gamma_offset: float) -> None:
        super().__init__()
        options = dict(kernel_size=3, padding=1, bias=False, padding_mode=padding_mode)
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, **options) for _ in range(2))
        self.norms = nn.ModuleList(ConditionalInstanceNorm(channels, gamma_offset=gamma_offset) for _ in range(2))

    def forward(self, x: Tensor, parameters: list[dict[str, Tensor]]) -> Tensor:
        """Maps (N, B, h, w), with ``gamma`` and ``beta`` (N, B), as far as they are given, for each of the norms."""
        h = torch.relu(self.norms[0](self.convs[0](x), **parameters[0]))
        return x + self.norms[1](self.convs[1](h), **parameters[1])


@MODELS.register_module()
class CINBottleneck(nn.Module):
    """SDIT's T_c: residual blocks through which a code enters, by conditional instance norms (thesis eq. 6.10).

    The numbers that it takes are, for each block and each of its two norms in turn, B shifts and then B scales. Every
    norm has its own.

    Args:
        channels: Channels B.
        num_blocks: Number of residual blocks.
        norm: 'cin', or 'in' for plain affine instance norms, by which no code enters.
        cin_mode: What follows from the code: 'both', 'gamma' (scales; shifts are 0) or 'beta' (shifts; scales are 1).
        gamma_offset: Added to the scales.
        padding_mode: Of the convolutions.

    Attributes:
        num_parameters: How many numbers it takes from a code, 0 with plain norms.

    Raises:
        ValueError: ``norm`` or ``cin_mode`` is unknown, or there is no block.
    """

    def __init__(
        self,
        channels: int,
        num_blocks: int = 4,
        norm: Literal['cin', 'in'] = 'cin',
        cin_mode: Literal['both', 'gamma', 'beta'] = 'both',
        gamma_offset: float = 0.0,
        padding_mode: str = 'reflect',
    ) -> None:
        super().__init__()
        if norm not in ('cin', 'in'):
            raise ValueError(f"CINBottleneck.norm={norm!r} is unknown: use 'cin' or 'in'.")
        if cin_mode not in CIN_MODES:
            raise ValueError(f'CINBottleneck.cin_mode={cin_mode!r} is unknown: use one of {list(CIN_MODES)}.')
        if num_blocks < 1:
            raise ValueError(f'CINBottleneck.num_blocks={num_blocks} must be at least 1.')
        self.channels = channels
        self.kinds = ('beta', 'gamma') if cin_mode == 'both' else (cin_mode,)
        self.num_parameters = 0 if norm == 'in' else num_blocks * 2 * channels * len(self.kinds)
        self.blocks = nn.ModuleList(
            PaddedResidualBlock(channels, _IN, False, padding_mode)
            if norm == 'in'
            else CINResidualBlock(channels, padding_mode, gamma_offset)
            for _ in range(num_blocks)
        )

    def forward(self, features: Tensor, style: Tensor | None = None) -> Tensor:
        """Maps features (N, B, s, s), with ``style`` (N, num_parameters), to the same shape."""
        if not self.num_parameters:
            for block in self.blocks:
                features = block(features)
            return features
        slices = style.unflatten(1, (2 * len(self.blocks), len(self.kinds), self.channels))
        norms = [dict(zip(self.kinds, of_norm.unbind(1), strict=True)) for of_norm in slices.unbind(1)]
        for index, block in enumerate(self.blocks):
            features = block(features, norms[2 * index : 2 * index + 2])
        return features


@MODELS.register_module()
class FeatureAttention(nn.Module):
    """SDIT's T_a: where a code may act, a map in (0, 1) (thesis section 6.3.3).

    Args:
        channels: Channels B of the features.
        num_blocks: Number of residual blocks.
        out_channels: Channels A of the map: 1 for all channels of the features, or B for each its own.
        norm_cfg: Config of the norm before the sigmoid, which keeps the map from saturating; None for none.

    Raises:
        ValueError: ``out_channels`` is neither 1 nor ``channels``.
    """

    def __init__(
        self,
        channels: int,
        num_blocks: int = 5,
        out_channels: int = 1,
        norm_cfg: Mapping[str, Any] | None = _IN,
    ) -> None:
        super().__init__()
        if out_channels not in (1, channels):
            raise ValueError(
                f'FeatureAttention.out_channels={out_channels} must be 1 or that of the features, {channels}.'
            )
        self.blocks = nn.Sequential(*_residual_blocks(channels, num_blocks))
        self.conv = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        norm = build_norm(norm_cfg, out_channels)
        self.norm = nn.Identity() if norm is None else norm

    def forward(self, features: Tensor) -> Tensor:
        """Maps features (N, B, s, s) to the map (N, A, s, s)."""
        return torch.sigmoid(self.norm(self.conv(self.blocks(features))))


def fuse(e: Tensor, f: Tensor, attention: Tensor | None, mode: Literal['residual', 'gate', 'none']) -> Tensor:
    """Combines the features e and those that a code has changed, f.

    Args:
        e: (N, B, s, s).
        f: Of the same shape.
        attention: a, (N, 1 or B, s, s); not read with 'none'.
        mode: 'residual': (1 - a) e + a f (thesis eq. 6.9), exactly e where a is 0 and f where it is 1; 'gate': a f;
            'none': f.
    """
    if mode == 'none':
        return f
    if mode == 'gate':
        return attention * f
    return torch.lerp(e, f, attention.to(e.dtype))


@MODELS.register_module()
class TranslationDecoder(nn.Module):
    """SDIT's up-sampling part: transposed convolutions that halve the width, and a convolution to an image.

    Args:
        out_channels: Channels of the images.
        base_channels: Width at full side.
        num_up: Number of doublings.
    """

    def __init__(self, out_channels: int = 3, base_channels: int = 64, num_up: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, o in pairwise(base_channels * 2**k for k in reversed(range(num_up + 1))):
            layers += conv_norm_relu(nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, bias=False), _IN)
        last = nn.Conv2d(base_channels, out_channels, 7, padding=3, bias=False)
        self.layers = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, features: Tensor) -> Tensor:
        """Maps features (N, base_channels 2^num_up, s, s) to images (N, out_channels, S, S) in [-1, 1]."""
        return self.layers(features)


def _residual_blocks(channels: int, num: int) -> list[nn.Module]:
    return [PaddedResidualBlock(channels, _IN, False, 'zeros') for _ in range(num)]


@MODELS.register_module()
class SDITGenerator(BaseModule):
    """SDIT's generator: one network for all domains, with many outputs for an input (thesis section 6.3).

    E(x, target) gives features e; M(z) the numbers of the norms in T_c, which maps e to f; T_a(e) a map a of where the
    code may act; the decoder makes an image of (1 - a) e + a f. With the defaults it has 20,109,762 parameters. Without
    ``translator``, ``mapping`` and ``attention`` it is StarGAN's generator.

    Args:
        in_channels: Channels of the images.
        num_domains: Length C of the vectors that name targets: domains or attributes.
        base_channels: Width W at full side.
        num_down: Number of halvings; the features have B = W 2^num_down channels.
        encoder: Options of E, or another ``type`` that takes the same.
        mapping: Options of M; None where ``translator.norm`` is 'in' or there is no ``translator``.
        translator: Options of T_c; None for f = e.
        attention: Options of T_a; None for none.
        fusion: See :func:`fuse`; None for 'residual' with attention and 'none' without.
        decoder: Options of the decoder.
        init_cfg: MMEngine's initialisation config; by default PyTorch's own initialisation of each layer stays.

    Raises:
        ValueError: Parts don't fit each other.
    """

    def __init__(
        self,
        in_channels: int = 3,
        num_domains: int = 5,
        base_channels: int = 64,
        num_down: int = 2,
        encoder: Mapping[str, Any] = {},
        mapping: Mapping[str, Any] | None = {},
        translator: Mapping[str, Any] | None = {},
        attention: Mapping[str, Any] | None = {},
        fusion: Literal['residual', 'gate', 'none'] | None = None,
        decoder: Mapping[str, Any] = {},
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.num_domains = num_domains
        self.input_multiple = 2**num_down
        channels = base_channels * 2**num_down
        size = dict(base_channels=base_channels)
        self.encoder = _part(
            'LabelConditionedEncoder',
            encoder,
            in_channels=in_channels,
            num_domains=num_domains,
            num_down=num_down,
            **size,
        )
        self.translator = None if translator is None else _part('CINBottleneck', translator, channels=channels)
        num_parameters = 0 if self.translator is None else self.translator.num_parameters
        if (mapping is None) != (num_parameters == 0):
            raise ValueError(
                f'SDITGenerator.mapping={mapping} does not fit translator={translator}: '
                + (
                    "a translator with norm='cin' needs a mapping."
                    if num_parameters
                    else 'without norms of a translator that a code enters by, mapping must be None.'
                )
            )
        self.mapping = None if mapping is None else _part('CodeMLP', mapping, out_features=num_parameters)
        self.attention = None if attention is None else _part('FeatureAttention', attention, channels=channels)
        self.fusion = fusion or ('none' if attention is None else 'residual')
        allowed = ['none'] if attention is None else ['residual', 'gate']
        if self.fusion not in allowed:
            raise ValueError(
                f'SDITGenerator.fusion={fusion!r} must be one of {allowed} '
                f'{"without" if attention is None else "with"} attention.'
            )
        if attention is not None and translator is None:
            raise ValueError('SDITGenerator.attention needs a translator: it chooses between its features and the own.')
        self.decoder = _part('TranslationDecoder', decoder, out_channels=in_channels, num_up=num_down, **size)

    @property
    def code_dim(self) -> int | None:
        """Width Z of the code; None without a mapping."""
        return None if self.mapping is None else self.mapping.code_dim

    def encode(self, images: Tensor, domains: Tensor) -> tuple[Tensor, Tensor | None]:
        """Returns what does not depend on the code: features e (N, B, s, s), and the map a (N, A, s, s) or None.

        Raises:
            ValueError: ``images`` or ``domains`` have the wrong shape.
        """
        check_maps(self, images)
        if domains.shape != (images.shape[0], self.num_domains):
            raise ValueError(
                f'SDITGenerator was built with num_domains={self.num_domains} and takes domains of the shape '
                f'({images.shape[0]}, {self.num_domains}), got {tuple(domains.shape)}.'
            )
        features = self.encoder(images, domains)
        return features, None if self.attention is None else self.attention(features)

    def style(self, codes: Tensor | None) -> Tensor | None:
        """Returns M(z) (N, P) of codes (N, Z); None without a mapping."""
        return None if self.mapping is None else self.mapping(codes)

    def decode(self, features: Tensor, attention: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Makes images (N K, C, S, S) of N inputs' features and maps, with K styles of each, (N K, P), in a row."""
        if style is not None and len(style) != len(features):
            times = len(style) // len(features)
            features = features.repeat_interleave(times, 0)
            attention = None if attention is None else attention.repeat_interleave(times, 0)
        changed = features if self.translator is None else self.translator(features, style)
        return self.decoder(fuse(features, changed, attention, self.fusion))

    def forward(self, images: Tensor, domains: Tensor, codes: Tensor | None = None) -> Tensor:
        """Translates images (N, C, H, W) to ``domains`` (N, num_domains) with ``codes`` (N, Z).

        Without a mapping ``codes`` are ignored.
        """
        features, attention = self.encode(images, domains)
        return self.decode(features, attention, self.style(codes))


def _part(kind: str, options: Mapping[str, Any], **derived: Any) -> nn.Module:
    """Builds a part of the generator; what follows from the other parts may not be given."""
    for key in derived:
        if key in options:
            raise ValueError(f'SDITGenerator: {kind}.{key} follows from the generator; leave it out.')
    return MODELS.build({'type': kind, **options, **derived})
