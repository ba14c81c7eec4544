"""The networks between an encoder and a generator of TransferI2I: one sub-adaptor for each resolution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.biggan_blocks import init_orthogonal
from mmgentransfer.models.layers.equalised import EqualizedConv2d, reset_equalized
from mmgentransfer.models.layers.levels import by_level
from mmgentransfer.models.layers.spectral import spectral
from mmgentransfer.registry import MODELS

__all__ = ['ConvSubAdaptor', 'FeatureFusion', 'HierarchicalAdaptor', 'PreActResSubAdaptor', 'ReLUConvSubAdaptor']

FUSION_MODES = ('sum', 'concat1x1', 'replace')
HIGHEST_WEIGHT = 0.1
"""Default weight at the highest resolution, whose features would take the work of the deep layers over."""


@MODELS.register_module()
class PreActResSubAdaptor(nn.Module):
    """Residual block that keeps the side: ReLU, 3x3 convolution, ReLU, 3x3 convolution; BigGAN's sub-adaptor.

    The shortcut is a 1x1 convolution, or the identity where the channels stay. All have a spectral norm.

    Args:
        in_channels: Channels i of the encoder's features.
        out_channels: Channels o of the generator's.
        spectral_eps: Of the spectral norms.

    Shapes: (N, i, r, r) to (N, o, r, r).
    """

    def __init__(self, in_channels: int, out_channels: int, spectral_eps: float = 1e-6) -> None:
        super().__init__()
        self.conv1 = spectral(nn.Conv2d(in_channels, out_channels, 3, padding=1), spectral_eps)
        self.conv2 = spectral(nn.Conv2d(out_channels, out_channels, 3, padding=1), spectral_eps)
        changes = in_channels != out_channels
        self.shortcut = spectral(nn.Conv2d(in_channels, out_channels, 1), spectral_eps) if changes else nn.Identity()

    def reset_parameters(self) -> None:
        """Draws orthogonal weights, and estimates their spectral norms."""
        init_orthogonal(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.conv1(F.relu(x)))) + self.shortcut(x)


@MODELS.register_module()
class ConvSubAdaptor(nn.Module):
    """Two 3x3 convolutions with an equalised learning rate, each with a LeakyReLU; StyleGAN's sub-adaptor.

    Args:
        in_channels: Channels i of the encoder's features.
        out_channels: Channels o of the generator's.

    Shapes: (N, i, r, r) to (N, o, r, r).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(in_channels, out_channels)
        self.conv2 = EqualizedConv2d(out_channels, out_channels)

    def reset_parameters(self) -> None:
        """Draws the weights from N(0, 1), and sets the biases to 0."""
        reset_equalized(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.conv2(F.leaky_relu(self.conv1(x), 0.2)), 0.2)


@MODELS.register_module()
class ReLUConvSubAdaptor(nn.Module):
    """ReLU and one 3x3 convolution, the smallest sub-adaptor.

    Args:
        in_channels: Channels i of the encoder's features.
        out_channels: Channels o of the generator's.

    Shapes: (N, i, r, r) to (N, o, r, r).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def reset_parameters(self) -> None:
        """Draws the weights as PyTorch does, with biases of 0."""
        self.conv.reset_parameters()
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.relu(x))


@MODELS.register_module()
class FeatureFusion(nn.Module):
    r"""Joins a generator's features with adapted ones (TransferI2I supplement, eq. 6).

    .. math:: \hat G_l = G_l + w_l A_l

    Args:
        channels: Channels C_r by resolution r.
        mode: ``'sum'`` as above; ``'concat1x1'``: a learned 1x1 convolution of both, which starts as the sum;
            ``'replace'``: the weighted adapted features alone.
        weights: w by resolution, or one number for all; None: 0.1 at the highest resolution, 1 at the others. With
            mappings, a resolution that is left out has its default.

    Raises:
        ValueError: ``mode`` is unknown, or ``weights`` has another resolution or a number that is not finite.
    """

    def __init__(
        self,
        channels: Mapping[int, int],
        mode: Literal['sum', 'concat1x1', 'replace'] = 'sum',
        weights: float | Mapping[int, float] | None = None,
    ) -> None:
        super().__init__()
        if mode not in FUSION_MODES:
            raise ValueError(f'adaptor.fusion.mode={mode!r} is unknown: use one of {FUSION_MODES}')
        given = by_level('adaptor.fusion.weights', {} if weights is None else weights)
        if not isinstance(given, dict):
            given = dict.fromkeys(channels, given)
        if unknown := sorted(set(given) - set(channels)):
            raise ValueError(f'adaptor.fusion.weights has the resolutions {unknown}; model.taps are {sorted(channels)}')
        self.weights = {side: HIGHEST_WEIGHT if side == max(channels) else 1.0 for side in channels} | given
        if not all(map(math.isfinite, self.weights.values())):
            raise ValueError(f'adaptor.fusion.weights must be finite, got {weights}')
        self.mode = mode
        self.convs = nn.ModuleDict(
            {str(side): nn.Conv2d(2 * num, num, 1) for side, num in channels.items()} if mode == 'concat1x1' else {}
        )

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Sets the 1x1 convolutions to the weighted sum."""
        for side, conv in self.convs.items():
            identity = torch.eye(conv.out_channels)[:, :, None, None]
            conv.weight.copy_(torch.cat([identity, self.weights[int(side)] * identity], dim=1))
            conv.bias.zero_()

    def forward(self, side: int, features: Tensor, adapted: Tensor) -> Tensor:
        """Returns the fused maps (N, C_r, r, r) at the resolution ``side``; its inputs stay as they are."""
        if self.mode == 'concat1x1':
            return self.convs[str(side)](torch.cat([features, adapted], dim=1))
        weighted = adapted if self.weights[side] == 1 else adapted * self.weights[side]
        return weighted if self.mode == 'replace' else features + weighted

    def extra_repr(self) -> str:
        return f'mode={self.mode!r}, weights={self.weights}'


@MODELS.register_module()
class HierarchicalAdaptor(BaseModule):
    """The adaptor A: a sub-adaptor for each tap, and how its output joins the generator's features.

    In a :class:`TransferI2I` the channels come from the encoder and the generator.

    Args:
        in_channels: Channels of the encoder's features by resolution.
        out_channels: Channels of the generator's features by resolution; the same resolutions.
        sub_adaptor: Config of the sub-adaptors, which get ``in_channels`` and ``out_channels``: a
            :class:`PreActResSubAdaptor`, :class:`ConvSubAdaptor` or :class:`ReLUConvSubAdaptor`.
        fusion: Arguments of the :class:`FeatureFusion`.
        init_cfg: MMEngine's initialisation config, such as a transfer from an earlier run.

    Raises:
        ValueError: The resolutions differ or are none.
    """

    def __init__(
        self,
        in_channels: Mapping[int, int],
        out_channels: Mapping[int, int],
        sub_adaptor: dict[str, Any] | None = None,
        fusion: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if set(in_channels) != set(out_channels) or not in_channels:
            raise ValueError(
                f'HierarchicalAdaptor needs the same resolutions on both sides, got {sorted(in_channels)} and '
                f'{sorted(out_channels)}'
            )
        cfg = sub_adaptor or dict(type='PreActResSubAdaptor')
        self.taps: Sequence[int] = sorted(in_channels)
        self.subs = nn.ModuleDict(
            {
                str(side): MODELS.build({**cfg, 'in_channels': in_channels[side], 'out_channels': out_channels[side]})
                for side in self.taps
            }
        )
        channels = {side: out_channels[side] for side in self.taps}
        self.fusion = MODELS.build({'type': 'FeatureFusion', **(fusion or {}), 'channels': channels})

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            for sub in self.subs.values():
                sub.reset_parameters()
            self.fusion.reset_parameters()
        super().init_weights()

    def forward(self, features: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """Maps the encoder's features (N, i_r, r, r) by resolution to maps (N, o_r, r, r), without fusion weights.

        Resolutions without a sub-adaptor are left out.
        """
        return {side: self.subs[str(side)](features[side]) for side in self.taps}
