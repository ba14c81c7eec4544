"""Variants of MUNIT's networks that pass pooling indices on from encoder to decoder (thesis tables A.13 to A.17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import check_kernel
from mmgentransfer.registry import MODELS

from .networks import (
    KAIMING,
    AdaINDecoder,
    ContentCode,
    InitCfg,
    ResidualBlock,
    TranslationNetwork,
    conv_in_relu,
    reflected,
)

__all__ = ['PoolIndexContentEncoder', 'PoolIndexDecoder', 'PoolIndexStyleEncoder']


@MODELS.register_module()
class PoolIndexContentEncoder(TranslationNetwork):
    """Encoder of the content: convolutions with 2x2 max pooling, then residual blocks (thesis table A.13).

    With the defaults, for sides of 32 and more, it has 40,555,136 parameters, 9,097,856 with ``res_kernel=3``.

    Args:
        in_channels: Channels of the images.
        base_channels: Width w.
        multipliers: Widths of the convolutions, in w; there is one pooling after each.
        kernel: Side of these convolutions, an odd number.
        num_res: Number of residual blocks.
        res_kernel: Side of their convolutions, an odd number.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        out_channels: Channels of the content.

    Raises:
        ValueError: A kernel's side is even.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        multipliers: Sequence[int] = (1, 2, 4),
        kernel: int = 7,
        num_res: int = 6,
        res_kernel: int = 7,
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        check_kernel(self, 'kernel', kernel)
        check_kernel(self, 'res_kernel', res_kernel)
        self.in_channels = in_channels
        widths = [base_channels * m for m in multipliers]
        self.out_channels = widths[-1]
        self.input_multiple = 2 ** len(widths)
        smallest = [(kernel // 2 + 1) * self.input_multiple // 2] + [(res_kernel // 2 + 1) * self.input_multiple] * (
            num_res > 0
        )
        self.min_side = max(smallest)
        self.stages = nn.ModuleList(conv_in_relu(i, o, kernel) for i, o in pairwise([in_channels, *widths]))
        self.blocks = nn.Sequential(*(ResidualBlock(widths[-1], res_kernel) for _ in range(num_res)))

    def forward(self, images: Tensor) -> ContentCode:
        """Encodes images (N, C, H, W); of P stages, the side information is the P tensors of pooling indices.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        self.check(images)
        x, side = images, []
        for stage in self.stages:
            x, indices = F.max_pool2d(stage(x), 2, return_indices=True)
            side.append(indices)
        return ContentCode(self.blocks(x), tuple(side))


@MODELS.register_module()
class PoolIndexStyleEncoder(TranslationNetwork):
    """Encoder of the style: three convolutions without norms, and the mean over all positions (thesis table A.14).

    With the defaults it has 667,272 parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; the next ones have 2 and 4 times as many.
        stem_pool: Whether 2x2 max pooling follows the first one.
        style_dim: Width Z of a style.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        stem_pool: bool = True,
        style_dim: int = 8,
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.style_dim = style_dim
        self.min_side = 8 if stem_pool else 4
        layers: list[nn.Module] = [reflected(in_channels, base_channels, 7), nn.ReLU(inplace=True)]
        if stem_pool:
            layers.append(nn.MaxPool2d(2))
        for i, o in pairwise([base_channels, 2 * base_channels, 4 * base_channels]):
            layers += [reflected(i, o, 4, stride=2), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(4 * base_channels, style_dim, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Encodes images (N, C, H, W) to styles (N, Z).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        self.check(images)
        return self.head(self.layers(images).mean(dim=(2, 3), keepdim=True)).flatten(1)


@MODELS.register_module()
class PoolIndexDecoder(AdaINDecoder):
    """Decoder: residual blocks that the style steers, then unpooling and convolutions (thesis tables A.15 to A.17).

    With the defaults it has 40,754,563 parameters, 9,297,283 with ``res_kernel=3``.

    Args:
        out_channels: Channels of the images.
        base_channels: As the content encoder's.
        multipliers: As the content encoder's.
        kernel: As the content encoder's.
        num_res: Number of residual blocks.
        res_kernel: Side of their convolutions.
        use_indices: Whether values go where the encoder's maxima were; else they are repeated: no side information.
        style_dim: Width Z of a style.
        mlp_channels: Width of the hidden layers between style and norms.
        mlp_layers: Number of linear layers there.
        sharing: 'per_layer': every norm has its own shift and scale; 'shared': one pair for all.
        heads: 'joint': one last layer gives shifts and scales; 'split': one each.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: An option is unknown or too small, or a kernel's side is even.
    """

    def __init__(
        self,
        out_channels: int = 3,
        base_channels: int = 64,
        multipliers: Sequence[int] = (1, 2, 4),
        kernel: int = 7,
        num_res: int = 6,
        res_kernel: int = 7,
        use_indices: bool = True,
        style_dim: int = 8,
        mlp_channels: int = 256,
        mlp_layers: int = 3,
        sharing: Literal['per_layer', 'shared'] = 'shared',
        heads: Literal['joint', 'split'] = 'split',
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        widths = [base_channels * m for m in reversed(multipliers)]
        super().__init__(
            widths[0], num_res, res_kernel, style_dim, mlp_channels, mlp_layers, sharing, heads, init, init_cfg
        )
        check_kernel(self, 'kernel', kernel)
        check_kernel(self, 'res_kernel', res_kernel)
        self.out_channels = out_channels
        self.use_indices = use_indices
        self.stages = nn.ModuleList(conv_in_relu(i, o, kernel) for i, o in pairwise(widths))
        self.stages.append(reflected(widths[-1], out_channels, kernel))

    def forward(self, code: ContentCode, style: Tensor) -> Tensor:
        """Decodes contents (N, C, h, w), with their side information, and styles (N, Z) to images of P doublings.

        Raises:
            ValueError: The code has no pooling indices of its content's encoder.
        """
        if len(code.side) != len(self.stages):
            raise ValueError(
                f'PoolIndexDecoder with {len(self.stages)} multipliers needs as many tensors of pooling indices, got '
                f'{len(code.side)}: take a PoolIndexContentEncoder with the same multipliers'
            )
        x = self.styled(code.content, style)
        for indices, stage in zip(reversed(code.side), self.stages, strict=True):
            x = stage(F.max_unpool2d(x, indices, 2) if self.use_indices else F.interpolate(x, scale_factor=2.0))
        return x.tanh()
