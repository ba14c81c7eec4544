"""MUNIT's networks: encoders of content and of style, and a decoder that a style steers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import DrawnModule, check_maps, draw_convolutions
from mmgentransfer.models.layers.norms import ConditionalInstanceNorm, MUNITLayerNorm
from mmgentransfer.registry import MODELS

__all__ = [
    'AdaINDecoder',
    'AdaINMLP',
    'ContentCode',
    'MUNITContentEncoder',
    'MUNITDecoder',
    'MUNITStyleEncoder',
    'ResidualBlock',
    'TranslationNetwork',
    'conv_in_relu',
    'reflected',
]

InitCfg = dict[str, Any] | list[dict[str, Any]] | None
KAIMING = {'type': 'kaiming'}


class ContentCode(NamedTuple):
    """What a content encoder hands to a decoder.

    Attributes:
        content: (N, C, h, w).
        side: What goes with it and has no gradient, such as pooling indices: tensors (N, ...), perhaps none.
    """

    content: Tensor
    side: tuple[Tensor, ...] = ()

    @classmethod
    def cat(cls, codes: Sequence[ContentCode]) -> ContentCode:
        """Puts the samples of several codes together, along the batch."""
        sides = zip(*(code.side for code in codes), strict=True)
        return cls(torch.cat([code.content for code in codes]), tuple(torch.cat(parts) for parts in sides))

    def repeat(self, num: int) -> ContentCode:
        """Repeats each sample ``num`` times in a row."""
        if num == 1:
            return self
        return ContentCode(
            self.content.repeat_interleave(num, 0), tuple(part.repeat_interleave(num, 0) for part in self.side)
        )

    def detach(self) -> ContentCode:
        """Returns the code without its graph."""
        return ContentCode(self.content.detach(), self.side)


class TranslationNetwork(DrawnModule):
    """Base of these networks: how they are drawn, and what images they take.

    Attributes:
        in_channels: Channels of the images.
        input_multiple: Of which their sides must be multiples.
        min_side: Their smallest side, below which maps are too small to be padded by reflection.
    """

    in_channels = 3
    input_multiple = 1
    min_side = 1

    def check(self, images: Tensor) -> None:
        """Raises a ``ValueError`` unless the network takes ``images``."""
        check_maps(self, images)
        if min(images.shape[-2:]) < self.min_side:
            raise ValueError(
                f'{type(self).__name__} takes sides of at least {self.min_side}, got {images.shape[-2]}x'
                f'{images.shape[-1]}: smaller maps can not be padded by reflection. Take fewer halvings or smaller '
                'kernels.'
            )

    def draw_weights(self) -> None:
        """Draws convolutions and linear layers as ``init`` says."""
        draw_convolutions(self, self.init)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                if self.init['type'] == 'kaiming':
                    nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
                else:
                    nn.init.normal_(layer.weight, std=self.init['std'])
                nn.init.zeros_(layer.bias)
            elif isinstance(layer, MUNITLayerNorm):
                layer.reset_parameters()


def reflected(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Returns a convolution padded by reflection that keeps the side, or with a kernel of 4 and stride 2 halves it."""
    padding = (kernel - 1) // 2
    return nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=padding, padding_mode='reflect')


def conv_in_relu(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Returns such a convolution with an instance norm without parameters and a ReLU."""
    convolution = reflected(in_channels, out_channels, kernel, stride)
    return nn.Sequential(convolution, nn.InstanceNorm2d(out_channels), nn.ReLU(inplace=True))


class ResidualBlock(nn.Module):
    """Convolution, instance norm, ReLU, convolution, instance norm, and the identity; no ReLU after the sum.

    Args:
        channels: Channels C.
        kernel: Side of the convolutions.
    """

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv1, self.conv2 = (reflected(channels, channels, kernel) for _ in range(2))
        self.norm = ConditionalInstanceNorm(channels)

    def forward(
        self, x: Tensor, first: tuple[Tensor, Tensor] | None = None, second: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """Maps ``x`` (N, C, h, w); each norm may be given its (shift, scale), (N, C) each, and has none without."""
        h = F.relu(self._normalised(self.conv1(x), first), inplace=True)
        return x + self._normalised(self.conv2(h), second)

    def _normalised(self, x: Tensor, parameters: tuple[Tensor, Tensor] | None) -> Tensor:
        if parameters is None:
            return self.norm(x)
        shift, scale = parameters
        return self.norm(x, scale, shift)


@MODELS.register_module()
class MUNITContentEncoder(TranslationNetwork):
    """Encoder of the content, without what instance norms remove: a 7x7 convolution, halvings and residual blocks.

    With the defaults it has 5,385,856 parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width w of the first convolution; each halving doubles it.
        num_downs: Number of halvings by a 4x4 convolution.
        num_res: Number of residual blocks.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        out_channels: Channels of the content, w * 2^num_downs.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 2,
        num_res: int = 4,
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.input_multiple = 2**num_downs
        self.min_side = max(4, 2 * self.input_multiple)
        widths = [base_channels * 2**i for i in range(num_downs + 1)]
        self.out_channels = widths[-1]
        self.layers = nn.Sequential(
            conv_in_relu(in_channels, base_channels, 7),
            *(conv_in_relu(i, o, 4, stride=2) for i, o in pairwise(widths)),
            *(ResidualBlock(widths[-1]) for _ in range(num_res)),
        )

    def forward(self, images: Tensor) -> ContentCode:
        """Encodes images (N, C, H, W); the content is (N, out_channels, H / 2^num_downs, W / 2^num_downs).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        self.check(images)
        return ContentCode(self.layers(images))


@MODELS.register_module()
class MUNITStyleEncoder(TranslationNetwork):
    """Encoder of the style: convolutions without norms, which would remove it, and the mean over all positions.

    With the defaults it has 2,764,936 parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; the first two halvings double it.
        num_downs: Number of halvings by a 4x4 convolution.
        style_dim: Width Z of a style.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 4,
        style_dim: int = 8,
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.in_channels = in_channels
        self.style_dim = style_dim
        self.min_side = max(4, 2**num_downs)
        widths = [base_channels * 2 ** min(i, 2) for i in range(num_downs + 1)]
        layers: list[nn.Module] = [reflected(in_channels, base_channels, 7), nn.ReLU(inplace=True)]
        for i, o in pairwise(widths):
            layers += [reflected(i, o, 4, stride=2), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(widths[-1], style_dim, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Encodes images (N, C, H, W) to styles (N, Z).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        self.check(images)
        return self.head(self.layers(images).mean(dim=(2, 3), keepdim=True)).flatten(1)


class AdaINMLP(nn.Module):
    """From a style to the shift and the scale of each norm of a decoder.

    Args:
        style_dim: Width Z of a style.
        channels: Channels C of the maps.
        num_norms: Number L of norms.
        hidden: Width of the hidden layers.
        num_layers: Number of linear layers on a path, the last one included.
        sharing: 'per_layer': every norm has its own; 'shared': one pair for all (thesis tables A.15 and A.16).
        heads: 'joint': one last layer, whose outputs are shift and scale of the first norm, of the second, ...;
            'split': one for all shifts and one for all scales.

    Raises:
        ValueError: ``sharing`` or ``heads`` is unknown, or there are fewer than two layers.
    """

    def __init__(
        self,
        style_dim: int,
        channels: int,
        num_norms: int,
        hidden: int = 256,
        num_layers: int = 3,
        sharing: Literal['per_layer', 'shared'] = 'per_layer',
        heads: Literal['joint', 'split'] = 'joint',
    ) -> None:
        super().__init__()
        for key, value, known in (('sharing', sharing, ('per_layer', 'shared')), ('heads', heads, ('joint', 'split'))):
            if value not in known:
                raise ValueError(f'the decoder has {key}={value!r}; it must be one of {known}')
        if num_layers < 2:
            raise ValueError(f'the decoder has mlp_layers={num_layers}; at least 2 are needed')
        self.num_norms, self.shared = num_norms, sharing == 'shared'
        pairs = 1 if self.shared else num_norms
        trunk: list[nn.Module] = []
        for i, o in pairwise([style_dim, *[hidden] * (num_layers - 1)]):
            trunk += [nn.Linear(i, o), nn.ReLU(inplace=True)]
        self.trunk = nn.Sequential(*trunk)
        sizes = [2 * channels * pairs] if heads == 'joint' else [channels * pairs] * 2
        self.heads = nn.ModuleList(nn.Linear(hidden, size) for size in sizes)
        self._shape = (pairs, 2, channels) if heads == 'joint' else (2, pairs, channels)
        self._joint = heads == 'joint'

    def forward(self, style: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Maps styles (N, Z) to L pairs (shift, scale), each (N, C)."""
        h = self.trunk(style)
        values = torch.cat([head(h) for head in self.heads], dim=1).unflatten(1, self._shape)
        if not self._joint:
            values = values.transpose(1, 2)
        pairs = [(pair[:, 0], pair[:, 1]) for pair in values.unbind(1)]
        return pairs * self.num_norms if self.shared else pairs


class AdaINDecoder(TranslationNetwork):
    """Residual blocks whose norms the style sets; a subclass goes on from there to an image.

    Args:
        channels: Channels of the content.
        num_res: Number of residual blocks.
        res_kernel: Side of their convolutions.
        style_dim: Width Z of a style.
        mlp_channels: Width of the hidden layers between style and norms.
        mlp_layers: Number of linear layers there.
        sharing: See :class:`AdaINMLP`.
        heads: See :class:`AdaINMLP`.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.
    """

    def __init__(
        self,
        channels: int,
        num_res: int,
        res_kernel: int,
        style_dim: int,
        mlp_channels: int,
        mlp_layers: int,
        sharing: Literal['per_layer', 'shared'],
        heads: Literal['joint', 'split'],
        init: Mapping[str, Any],
        init_cfg: InitCfg,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_res < 1:
            raise ValueError(f'{type(self).__name__}.num_res={num_res} must be at least 1: the style enters there')
        self.style_dim = style_dim
        self.content_channels = channels
        self.mlp = AdaINMLP(style_dim, channels, 2 * num_res, mlp_channels, mlp_layers, sharing, heads)
        self.blocks = nn.ModuleList(ResidualBlock(channels, res_kernel) for _ in range(num_res))

    def styled(self, content: Tensor, style: Tensor) -> Tensor:
        """Passes a content (N, C, h, w) through the blocks with the norms of ``style`` (N, Z)."""
        parameters = iter(self.mlp(style))
        for block in self.blocks:
            content = block(content, next(parameters), next(parameters))
        return content


@MODELS.register_module()
class MUNITDecoder(AdaINDecoder):
    """MUNIT's decoder: residual blocks that the style steers, doublings with layer norms, tanh.

    With the defaults it has 6,875,395 parameters.

    Args:
        out_channels: Channels of the images.
        base_channels: As the content encoder's.
        num_ups: Number of doublings, the content encoder's ``num_downs``.
        num_res: Number of residual blocks.
        style_dim: Width Z of a style.
        mlp_channels: Width of the hidden layers between style and norms.
        mlp_layers: Number of linear layers there.
        sharing: 'per_layer': every norm has its own shift and scale; 'shared': one pair for all.
        heads: 'joint': one last layer gives shifts and scales; 'split': one each.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: An option is unknown or too small.
    """

    def __init__(
        self,
        out_channels: int = 3,
        base_channels: int = 64,
        num_ups: int = 2,
        num_res: int = 4,
        style_dim: int = 8,
        mlp_channels: int = 256,
        mlp_layers: int = 3,
        sharing: Literal['per_layer', 'shared'] = 'per_layer',
        heads: Literal['joint', 'split'] = 'joint',
        init: Mapping[str, Any] = KAIMING,
        init_cfg: InitCfg = None,
    ) -> None:
        widths = [base_channels * 2**i for i in range(num_ups, -1, -1)]
        super().__init__(widths[0], num_res, 3, style_dim, mlp_channels, mlp_layers, sharing, heads, init, init_cfg)
        self.out_channels = out_channels
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers += [nn.Upsample(scale_factor=2), reflected(i, o, 5), MUNITLayerNorm(o), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, reflected(widths[-1], out_channels, 7), nn.Tanh())

    def forward(self, code: ContentCode, style: Tensor) -> Tensor:
        """Decodes contents (N, C, h, w) with styles (N, Z) to images (N, out_channels, h * 2^num_ups, ...)."""
        return self.layers(self.styled(code.content, style))
