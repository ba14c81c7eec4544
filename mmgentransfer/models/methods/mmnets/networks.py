"""Encoders and decoders beside SegNet: a colour decoder, and residual networks for unpaired domains."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.backbones.segnet import Latent, check_latent
from mmgentransfer.models.layers.convolutions import DrawnModule, build_norm, check_kernel, check_maps, conv_norm_relu
from mmgentransfer.registry import MODELS

__all__ = ['PoolResEncoder', 'RGBDecoder', 'UnpoolResDecoder']

_BN = {'type': 'BN'}
_IN = {'type': 'IN'}
_TRUNC_NORMAL = {'type': 'trunc_normal', 'std': 0.02}
_NORMAL = {'type': 'normal', 'std': 0.02}
_OUT_ACTS = (None, 'tanh')


def _check_out_act(network: nn.Module, out_act: str | None) -> str | None:
    if out_act not in _OUT_ACTS:
        raise ValueError(f"{type(network).__name__}.out_act={out_act!r} is unknown: use 'tanh' or None.")
    return out_act


@MODELS.register_module()
class RGBDecoder(DrawnModule):
    """Decoder of colour images, from the latent alone, without pooling indices or skips (table A.5).

    Each of P layers doubles the side; all but the last have a norm and a ReLU.

    Args:
        out_channels: Channels of the images.
        stage_channels: Widths of the encoders' P stages.
        channels: Widths of all layers but the last; by default those of the stages but the last, in reverse.
        upsample: ``'nearest_conv3'``: nearest up-sampling and a 3x3 convolution; ``'deconv5'``: a 5x5 transposed
            convolution of stride 2, as in the authors' code.
        norm_cfg: Config of the norms; None for none.
        out_act: ``'tanh'`` for images in [-1, 1], or None.
        init: How weights are drawn, see :func:`draw_convolutions`; by default with a standard deviation of 0.02, cut
            at two for convolutions, uncut for transposed ones.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``channels`` are not P - 1, or an option is unknown.
    """

    def __init__(
        self,
        out_channels: int = 3,
        stage_channels: Sequence[int] = (64, 128, 256, 512, 512),
        channels: Sequence[int] | None = None,
        upsample: Literal['nearest_conv3', 'deconv5'] = 'nearest_conv3',
        norm_cfg: Mapping[str, Any] | None = _BN,
        out_act: Literal['tanh'] | None = 'tanh',
        init: Mapping[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init or (_NORMAL if upsample == 'deconv5' else _TRUNC_NORMAL), init_cfg)
        if upsample not in ('nearest_conv3', 'deconv5'):
            raise ValueError(f"RGBDecoder.upsample={upsample!r} is unknown: use 'nearest_conv3' or 'deconv5'.")
        self.out_channels = out_channels
        self.stage_channels = tuple(stage_channels)
        self.num_stages = len(self.stage_channels)
        hidden = tuple(reversed(self.stage_channels[:-1])) if channels is None else tuple(channels)
        if not self.stage_channels or len(hidden) != self.num_stages - 1:
            raise ValueError(
                f'RGBDecoder.channels={hidden} must be one less than stage_channels={self.stage_channels}, so that the '
                'images are as large as what the encoders take.'
            )
        self.upsample = upsample
        self.out_act = _check_out_act(self, out_act)
        layers: list[nn.Module] = []
        widths = [self.stage_channels[-1], *hidden, out_channels]
        for index, (i, o) in enumerate(pairwise(widths)):
            if upsample == 'deconv5':
                convolution: nn.Module = nn.ConvTranspose2d(i, o, 5, stride=2, padding=2, output_padding=1)
            else:
                layers.append(nn.Upsample(scale_factor=2, mode='nearest'))
                convolution = nn.Conv2d(i, o, 3, padding=1)
            layers += [convolution] if index == self.num_stages - 1 else conv_norm_relu(convolution, norm_cfg)
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Latent) -> Tensor:
        """Decodes a latent (its ``h`` alone) to images (N, out_channels, H, W).

        Raises:
            ValueError: The latent comes from an encoder of other widths.
        """
        check_latent(self, latent)
        x = self.layers(latent.h)
        return torch.tanh(x) if self.out_act else x


class _SameConv2d(nn.Conv2d):
    """Convolution that keeps the side, padded by reflection where the maps are large enough for it, else by zeros."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, padding_mode: str) -> None:
        super().__init__(in_channels, out_channels, kernel, padding=kernel // 2, padding_mode=padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        if self.padding_mode == 'reflect' and min(x.shape[-2:]) <= self.padding[0]:
            warnings.warn(
                f"padding_mode='reflect' of {self.padding[0]} pixels needs larger maps than "
                f'{x.shape[-2]}x{x.shape[-1]}: these are padded by zeros',
                stacklevel=2,
            )
            return F.conv2d(x, self.weight, self.bias, padding=self.padding)
        return super().forward(x)


class _ResidualBlock(nn.Module):
    """Two convolutions with norms, a ReLU after the first, and the identity; no ReLU after the sum."""

    def __init__(self, channels: int, kernel: int, norm_cfg: Mapping[str, Any] | None, padding_mode: str) -> None:
        super().__init__()
        first, second = (_SameConv2d(channels, channels, kernel, padding_mode) for _ in range(2))
        norm = build_norm(norm_cfg, channels)
        self.layers = nn.Sequential(*conv_norm_relu(first, norm_cfg), second, *([] if norm is None else [norm]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class _PoolRes(DrawnModule):
    """What encoder and decoder share: three widths, and a chain of residual blocks at the smallest side."""

    def __init__(
        self,
        base_channels: int,
        kernel: int,
        num_res: int,
        res_kernel: int | None,
        norm_cfg: Mapping[str, Any] | None,
        padding_mode: str,
        init: Mapping[str, Any],
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None,
    ) -> None:
        super().__init__(init, init_cfg)
        check_kernel(self, 'kernel', kernel)
        res_kernel = kernel if res_kernel is None else res_kernel
        check_kernel(self, 'res_kernel', res_kernel)
        if padding_mode not in ('reflect', 'zeros'):
            raise ValueError(
                f"{type(self).__name__}.padding_mode={padding_mode!r} is unknown: use 'reflect' or 'zeros'."
            )
        self.stage_channels = (base_channels, 2 * base_channels, 4 * base_channels)
        self.num_stages = 3
        self.blocks = nn.Sequential(
            *(_ResidualBlock(self.stage_channels[-1], res_kernel, norm_cfg, padding_mode) for _ in range(num_res))
        )


@MODELS.register_module()
class PoolResEncoder(_PoolRes):
    """Encoder of a domain: three convolutions with 2x2 max pooling, then residual blocks (tables A.7 and A.11).

    Args:
        in_channels: Channels of the domain's images.
        base_channels: Width of the first convolution; the next ones have 2 and 4 times as many.
        kernel: Side of the three convolutions, an odd number.
        num_res: Number of residual blocks.
        res_kernel: Side of the residual blocks' convolutions; None: as ``kernel``.
        norm_cfg: Config of the norms; None for none. Instance norms are affine.
        padding_mode: ``'reflect'`` or ``'zeros'``; maps too small to be reflected are padded by zeros, with a warning.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        stage_channels: The three widths.
        input_multiple: 8, of which the input's sides must be multiples.

    Raises:
        ValueError: An option is unknown, or a kernel's side is even.
    """

    input_multiple = 8

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        kernel: int = 7,
        num_res: int = 6,
        res_kernel: int | None = None,
        norm_cfg: Mapping[str, Any] | None = _IN,
        padding_mode: Literal['reflect', 'zeros'] = 'reflect',
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(base_channels, kernel, num_res, res_kernel, norm_cfg, padding_mode, init, init_cfg)
        self.in_channels = in_channels
        self.stages = nn.ModuleList(
            nn.Sequential(*conv_norm_relu(_SameConv2d(i, o, kernel, padding_mode), norm_cfg))
            for i, o in pairwise([in_channels, *self.stage_channels])
        )

    def forward(self, x: Tensor) -> Latent:
        """Encodes images (N, C, H, W), H and W multiples of 8; the latent is (N, 4 base_channels, H / 8, W / 8).

        Raises:
            ValueError: ``x`` has the wrong shape.
        """
        check_maps(self, x)
        indices, skips = [], []
        for stage in self.stages:
            skips.append(stage(x))
            x, positions = F.max_pool2d(skips[-1], 2, return_indices=True)
            indices.append(positions)
        return Latent(self.blocks(x), tuple(indices), tuple(skips))


@MODELS.register_module()
class UnpoolResDecoder(_PoolRes):
    """Decoder of a domain: residual blocks, then three times unpooling and a convolution (tables A.8 and A.12).

    Args:
        out_channels: Channels of the domain's images.
        base_channels: As the encoder's.
        kernel: Side of the three convolutions, an odd number.
        num_res: Number of residual blocks.
        res_kernel: Side of the residual blocks' convolutions; None: as ``kernel``.
        norm_cfg: Config of the norms; None for none. Instance norms are affine.
        padding_mode: ``'reflect'`` or ``'zeros'``; maps too small to be reflected are padded by zeros, with a warning.
        out_act: ``'tanh'`` for images in [-1, 1], or None.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        stage_channels: The encoder's three widths.

    Raises:
        ValueError: An option is unknown, or a kernel's side is even.
    """

    def __init__(
        self,
        out_channels: int = 3,
        base_channels: int = 64,
        kernel: int = 7,
        num_res: int = 6,
        res_kernel: int | None = None,
        norm_cfg: Mapping[str, Any] | None = _IN,
        padding_mode: Literal['reflect', 'zeros'] = 'reflect',
        out_act: Literal['tanh'] | None = 'tanh',
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(base_channels, kernel, num_res, res_kernel, norm_cfg, padding_mode, init, init_cfg)
        self.out_channels = out_channels
        self.out_act = _check_out_act(self, out_act)
        self.stages = nn.ModuleList(
            nn.Sequential(*conv_norm_relu(_SameConv2d(i, o, kernel, padding_mode), norm_cfg))
            for i, o in pairwise(reversed(self.stage_channels))
        )
        self.stages.append(nn.Sequential(_SameConv2d(base_channels, out_channels, kernel, padding_mode)))

    def forward(self, latent: Latent) -> Tensor:
        """Decodes a latent of :class:`PoolResEncoder` to images (N, out_channels, H, W).

        Raises:
            ValueError: The latent comes from an encoder of other widths.
        """
        check_latent(self, latent)
        x = self.blocks(latent.h)
        for indices, stage in zip(reversed(latent.indices), self.stages, strict=True):
            x = stage(F.max_unpool2d(x, indices, 2))
        return torch.tanh(x) if self.out_act else x
