"""Networks of CycleGAN and pix2pix, at any width, with the layouts of the original papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm

from mmgentransfer.models.layers.convolutions import DrawnModule, build_norm, check_maps, conv_norm_relu
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = [
    'EncoderDecoder',
    'PatchGANDiscriminator',
    'ResNetGenerator',
    'StepDropout',
    'UNetGenerator',
]

_IN = {'type': 'IN', 'affine': False}
_BN = {'type': 'BN'}
_NORMAL = {'type': 'normal', 'std': 0.02}
InitCfg = dict[str, Any] | list[dict[str, Any]] | None


def _needs_bias(norm_cfg: Mapping[str, Any] | None) -> bool:
    """Whether convolutions have biases, as in the original code: without norms, and with instance norms."""
    norm = build_norm(norm_cfg, 4)
    return norm is None or isinstance(norm, _InstanceNorm)


class PaddedResidualBlock(nn.Module):
    """Two 3x3 convolutions with norms, a ReLU after the first, and the identity."""

    def __init__(self, channels: int, norm_cfg: Mapping[str, Any] | None, bias: bool, padding_mode: str) -> None:
        super().__init__()
        first, second = (
            nn.Conv2d(channels, channels, 3, padding=1, bias=bias, padding_mode=padding_mode) for _ in range(2)
        )
        norm = build_norm(norm_cfg, channels)
        self.layers = nn.Sequential(*conv_norm_relu(first, norm_cfg), second, *([] if norm is None else [norm]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


@MODELS.register_module()
class ResNetGenerator(DrawnModule):
    """CycleGAN's generator: two halvings, residual blocks at a quarter of the side, two doublings, tanh.

    With the defaults, for 256x256 images, it has 11,378,179 parameters; the original has 6 blocks for 128x128. CUT's
    has ``antialias=True``.

    Its taps, where :meth:`features` reads, are ``input``, the images; ``down1`` and ``down2``, what the convolutions of
    the halvings give; and ``block1`` to ``block<num_blocks>``.

    Args:
        in_channels: Channels of the source.
        out_channels: Channels of the target.
        base_channels: Width at full side; at a quarter of it there are 4 times as many.
        num_blocks: Number of residual blocks.
        norm_cfg: Config of the norms; None for none.
        out_act: ``'tanh'`` for images in [-1, 1], or None for logits and maps.
        antialias: Whether sides are halved behind a convolution of stride 1 by a blur, and doubled bilinearly in front
            of one, in place of strided convolutions.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        tap_channels: The channels at each tap, by its name.

    Raises:
        ValueError: ``out_act`` is unknown.
    """

    input_multiple = 4

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        num_blocks: int = 9,
        norm_cfg: Mapping[str, Any] | None = _IN,
        out_act: str | None = 'tanh',
        antialias: bool = False,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.out_channels = out_channels
        bias = _needs_bias(norm_cfg)
        widths = [base_channels, 2 * base_channels, 4 * base_channels]
        outer = dict(kernel_size=7, padding=3, padding_mode='reflect')
        layers = conv_norm_relu(nn.Conv2d(in_channels, base_channels, bias=bias, **outer), norm_cfg)
        self.tap_channels = {'input': in_channels}
        self._tap_layers = {'input': -1}
        for number, (i, o) in enumerate(pairwise(widths), start=1):
            self.tap_channels[f'down{number}'], self._tap_layers[f'down{number}'] = o, len(layers)
            convolution = nn.Conv2d(i, o, 3, stride=1 if antialias else 2, padding=1, bias=bias)
            layers += [*conv_norm_relu(convolution, norm_cfg), *([BlurDown()] if antialias else [])]
        for number in range(1, num_blocks + 1):
            self.tap_channels[f'block{number}'], self._tap_layers[f'block{number}'] = widths[-1], len(layers)
            layers.append(PaddedResidualBlock(widths[-1], norm_cfg, bias, 'reflect'))
        for i, o in pairwise(reversed(widths)):
            if antialias:
                doubling = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False)
                layers += [doubling, *conv_norm_relu(nn.Conv2d(i, o, 3, padding=1, bias=bias), norm_cfg)]
                continue
            convolution = nn.ConvTranspose2d(i, o, 3, stride=2, padding=1, output_padding=1, bias=bias)
            layers += conv_norm_relu(convolution, norm_cfg)
        layers += [nn.Conv2d(base_channels, out_channels, **outer), *_activation(self, out_act)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Translates images (N, C, H, W), H and W multiples of 4.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        return self.layers(images)

    def features(self, images: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
        """Returns the features at ``taps``, (N, C_tap, h, w) by name; what comes behind the last one is not computed.

        Raises:
            ValueError: ``images`` have the wrong shape, or there is no such tap.
        """
        return self._tapped(images, taps, whole=False)[1]

    def forward_with_features(self, images: Tensor, taps: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns what :meth:`forward` returns, and :meth:`features` of the same pass."""
        return self._tapped(images, taps, whole=True)

    def _tapped(self, images: Tensor, taps: Sequence[str], whole: bool) -> tuple[Tensor, dict[str, Tensor]]:
        check_maps(self, images)
        if unknown := [tap for tap in taps if tap not in self._tap_layers]:
            raise ValueError(f'{type(self).__name__} has no tap {unknown[0]!r}; its taps are {list(self._tap_layers)}.')
        names = {self._tap_layers[tap]: tap for tap in taps}
        found = {names[-1]: images} if -1 in names else {}
        x = images
        for index, layer in enumerate(self.layers if whole else self.layers[: max(names, default=-1) + 1]):
            x = layer(x)
            if index in names:
                found[names[index]] = x
                x = x.clone() if isinstance(self.layers[index + 1], nn.ReLU) else x  # which would overwrite it
        return x, found


class BlurDown(nn.Module):
    """Halves the sides of maps: every second value of a reflected map blurred by [1, 2, 1] x [1, 2, 1] / 16."""

    def __init__(self) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer('kernel', torch.outer(line, line)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        padded = F.pad(x, (1, 1, 1, 1), mode='reflect')
        return F.conv2d(padded, self.kernel.to(x.dtype).expand(channels, -1, -1, -1), stride=2, groups=channels)


def _activation(network: nn.Module, out_act: str | None) -> list[nn.Module]:
    if out_act not in (None, 'tanh'):
        raise ValueError(f"{type(network).__name__}.out_act={out_act!r} is unknown: use 'tanh' or None.")
    return [nn.Tanh()] if out_act else []


class StepDropout(nn.Module):
    """Dropout whose numbers are those of the step, so that a resumed run repeats them.

    Attributes:
        random: Where they come from; a method sets it before a pass. None draws them anywhere.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.random: StepRandom | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.rate or self.random is None:
            return F.dropout(x, self.rate, self.training)
        return x * (self.random.uniform(*x.shape) >= self.rate).to(x.dtype) / (1 - self.rate)


@MODELS.register_module()
class UNetGenerator(DrawnModule):
    """pix2pix's generator: halvings down to a small map and as many doublings, with skips between equal sides.

    With the defaults, for sides of 256 and more, it has 54,413,955 parameters.

    Args:
        in_channels: Channels of the source.
        out_channels: Channels of the target.
        base_channels: Width of the first level; it doubles from level to level up to 8 times.
        num_downs: Number of halvings.
        norm_cfg: Config of the norms, which the first and the innermost level lack on the way down; None for none.
        dropout: Rate of the dropout behind the doublings of full width, the innermost excepted.
        out_act: ``'tanh'`` for images in [-1, 1], or None for logits and maps.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        input_multiple: 2^num_downs, of which the input's sides must be multiples.

    Raises:
        ValueError: ``num_downs`` is less than 2, ``dropout`` is not in [0, 1), or ``out_act`` is unknown.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 8,
        norm_cfg: Mapping[str, Any] | None = _BN,
        dropout: float = 0.5,
        out_act: str | None = 'tanh',
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 2:
            raise ValueError(f'UNetGenerator.num_downs={num_downs} must be at least 2.')
        if not 0 <= dropout < 1:
            raise ValueError(f'UNetGenerator.dropout={dropout} must be in [0, 1).')
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.input_multiple = 2**num_downs
        bias = _needs_bias(norm_cfg)
        widths = [base_channels * min(2**i, 8) for i in range(num_downs)]
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for level, (i, o) in enumerate(pairwise([in_channels, *widths])):
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if level else []
            layers.append(nn.Conv2d(i, o, 4, stride=2, padding=1, bias=bias))
            norm = build_norm(norm_cfg, o) if 0 < level < num_downs - 1 else None
            self.downs.append(nn.Sequential(*layers, *([] if norm is None else [norm])))
        for level in reversed(range(num_downs)):
            i = widths[level] * (1 if level == num_downs - 1 else 2)
            o = widths[level - 1] if level else out_channels
            layers = [nn.ReLU(), nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, bias=bias or not level)]
            norm = build_norm(norm_cfg, o) if level else None
            layers += [] if norm is None else [norm]
            if dropout and 3 < level < num_downs - 1:
                layers.append(StepDropout(dropout))
            self.ups.append(nn.Sequential(*layers, *(_activation(self, out_act) if not level else [])))

    def forward(self, images: Tensor) -> Tensor:
        """Translates images (N, C, H, W), H and W multiples of 2^num_downs.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        skips, x = [], images
        for down in self.downs:
            x = down(x)
            skips.append(x)
        x = self.ups[0](skips.pop())
        for up in self.ups[1:]:
            x = up(torch.cat([skips.pop(), x], dim=1))
        return x


@MODELS.register_module()
class PatchGANDiscriminator(DrawnModule):
    """The patch critic of pix2pix and CycleGAN; with three halvings each score sees 70x70 pixels.

    4x4 convolutions: ``num_downs`` of stride 2 and two of stride 1, the last one to a map of scores, with leaky ReLUs
    of slope 0.2 between them. With the defaults it has 2,764,737 parameters.

    Args:
        in_channels: Channels of what it judges; a conditional critic's are those of source and target together.
        base_channels: Width of the first convolution; it doubles from one to the next up to 8 times.
        num_downs: Number of convolutions of stride 2.
        norm_cfg: Config of the norms, which the first and the last convolution lack; None for none.
        antialias: Whether sides are halved by a blur behind a convolution of stride 1, as CUT's are.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``num_downs`` is less than 1.
    """

    input_multiple = 1

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 3,
        norm_cfg: Mapping[str, Any] | None = _IN,
        antialias: bool = False,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 1:
            raise ValueError(f'PatchGANDiscriminator.num_downs={num_downs} must be at least 1.')
        self.in_channels = in_channels
        bias = _needs_bias(norm_cfg)
        widths = [in_channels, *(base_channels * min(2**i, 8) for i in range(num_downs + 1))]
        layers: list[nn.Module] = []
        for index, (i, o) in enumerate(pairwise(widths)):
            norm = build_norm(norm_cfg, o) if index else None
            halves = index < num_downs
            layers.append(nn.Conv2d(i, o, 4, 2 if halves and not antialias else 1, padding=1, bias=bias or not index))
            layers += [*([] if norm is None else [norm]), nn.LeakyReLU(0.2, inplace=True)]
            layers += [BlurDown()] if halves and antialias else []
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, padding=1))

    def forward(self, images: Tensor) -> Tensor:
        """Scores images (N, C, H, W): (N, 1, H / 2^num_downs - 2, W / 2^num_downs - 2).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        return self.layers(images)


@MODELS.register_module()
class EncoderDecoder(BaseModule):
    """A translator from a modality to another: any encoder with any decoder that takes its latent.

    Args:
        encoder: Config of the encoder, e.g. :class:`SegNetEncoder`.
        decoder: Config of the decoder.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: Their stages differ.
    """

    def __init__(self, encoder: dict[str, Any], decoder: dict[str, Any], init_cfg: InitCfg = None) -> None:
        super().__init__(init_cfg)
        self.encoder = MODELS.build(encoder)
        self.decoder = MODELS.build(decoder)
        if self.encoder.stage_channels != self.decoder.stage_channels:
            raise ValueError(
                f'EncoderDecoder: encoder.stage_channels={self.encoder.stage_channels} and decoder.stage_channels='
                f'{self.decoder.stage_channels} must be the same.'
            )
        self.in_channels = self.encoder.in_channels
        self.out_channels = self.decoder.out_channels
        self.input_multiple = self.encoder.input_multiple

    def forward(self, x: Tensor) -> Tensor:
        """Translates (N, in_channels, H, W) to (N, out_channels, H, W)."""
        return self.decoder(self.encoder(x))
