"""The generator of BigGAN-deep, of which pre-trained weights are public (their critics are not)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.backbones.biggan import GENERATOR_MULTS, channel_widths, check_generator_side
from mmgentransfer.models.layers.attention import SelfAttention
from mmgentransfer.models.layers.biggan_blocks import class_embedding, init_orthogonal
from mmgentransfer.models.layers.inputs import check_noise
from mmgentransfer.models.layers.spectral import spectral
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS

__all__ = ['BigGANDeepGenerator', 'TruncationBatchNorm']

Rows = Sequence[tuple[int, float]]
"""Rows of a table of statistics and their weights."""


class TruncationBatchNorm(nn.Module):
    """Batch norm with a table of running statistics, one row for each truncation of the noise.

    In training mode the batch's own statistics are used, and the rows in use move towards them; the other rows stay.

    Args:
        num_features: Channels c.
        num_stats: Number of rows.
        condition_size: Length k of the vector in which scale and offset are linear, 0 for learned ones.
        eps: Added to the variance.
        momentum: Weight of a new batch in the running statistics.
        spectral_eps: Of the spectral norm of both linear maps, which have no bias; the scale is 1 plus its map.
    """

    def __init__(
        self, num_features: int, num_stats: int, condition_size: int, eps: float, momentum: float, spectral_eps: float
    ) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.register_buffer('running_mean', torch.zeros(num_stats, num_features))
        self.register_buffer('running_var', torch.ones(num_stats, num_features))
        if condition_size:
            self.scale = spectral(nn.Linear(condition_size, num_features, bias=False), spectral_eps)
            self.offset = spectral(nn.Linear(condition_size, num_features, bias=False), spectral_eps)
        else:
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, x: Tensor, rows: Rows, condition: Tensor | None = None) -> Tensor:
        """Normalises ``x`` (N, c, h, w) by the weighted ``rows``; a conditional norm needs ``condition`` (N, k)."""
        x = self._normalise(x, rows)
        if condition is None:
            scale, offset = self.weight[:, None, None], self.bias[:, None, None]
        else:
            scale = (1 + self.scale(condition))[:, :, None, None]
            offset = self.offset(condition)[:, :, None, None]
        return torch.addcmul(offset.to(x.dtype), x, scale.to(x.dtype))

    def _normalise(self, x: Tensor, rows: Rows) -> Tensor:
        if not self.training:
            mean = sum(weight * self.running_mean[row] for row, weight in rows)
            var = sum(weight * self.running_var[row] for row, weight in rows)
            return F.batch_norm(x, mean, var, training=False, eps=self.eps)
        # With a momentum of 1 the batch's statistics are left in mean and var.
        mean, var = torch.zeros_like(self.running_mean[0]), torch.ones_like(self.running_var[0])
        x = F.batch_norm(x, mean, var, training=True, momentum=1.0, eps=self.eps)
        for row, _ in rows:
            self.running_mean[row].lerp_(mean, self.momentum)
            self.running_var[row].lerp_(var, self.momentum)
        return x

    def reset_parameters(self) -> None:
        """Makes it the identity up to a conditional scale and offset."""
        nn.init.zeros_(self.running_mean)
        nn.init.ones_(self.running_var)
        if hasattr(self, 'weight'):
            nn.init.ones_(self.weight)
            nn.init.zeros_(self.bias)


class DeepGeneratorBlock(nn.Module):
    """Bottleneck block: 1x1, 3x3, 3x3 and 1x1 convolution on a quarter of the width, each behind a norm and a ReLU.

    The shortcut has no weights: it drops the last channels where the output has fewer.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output, at most i.
        up: Whether to double the side, before the first 3x3 convolution.
        norm: Makes a conditional norm from a number of channels.
        spectral_eps: Of the spectral norm of the convolutions.
    """

    def __init__(
        self, in_channels: int, out_channels: int, up: bool, norm: Callable[[int], nn.Module], spectral_eps: float
    ) -> None:
        super().__init__()
        hidden = in_channels // 4
        self.out_channels = out_channels
        self.up = up
        self.norm1 = norm(in_channels)
        self.conv1 = spectral(nn.Conv2d(in_channels, hidden, 1), spectral_eps)
        self.norm2 = norm(hidden)
        self.conv2 = spectral(nn.Conv2d(hidden, hidden, 3, padding=1), spectral_eps)
        self.norm3 = norm(hidden)
        self.conv3 = spectral(nn.Conv2d(hidden, hidden, 3, padding=1), spectral_eps)
        self.norm4 = norm(hidden)
        self.conv4 = spectral(nn.Conv2d(hidden, out_channels, 1), spectral_eps)

    def forward(self, x: Tensor, rows: Rows, condition: Tensor) -> Tensor:
        """Maps (N, i, s, s) to (N, o, s, s), or (N, o, 2s, 2s)."""
        h = self.conv1(F.relu(self.norm1(x, rows, condition)))
        h = F.relu(self.norm2(h, rows, condition))
        x = x[:, : self.out_channels]
        if self.up:
            h = F.interpolate(h, scale_factor=2, mode='nearest')
            x = F.interpolate(x, scale_factor=2, mode='nearest')
        h = self.conv3(F.relu(self.norm3(self.conv2(h), rows, condition)))
        return x + self.conv4(F.relu(self.norm4(h, rows, condition)))


@MODELS.register_module()
class BigGANDeepGenerator(BaseModule):
    """Class-conditional generator of bottleneck blocks, two for every side, all of which see all of z and the class.

    Its norms have a table of running statistics, with a row for each of ``num_stats`` truncations from 0 to 1: for
    noise from a normal distribution that is cut off at two standard deviations and multiplied by t, build it with
    ``truncation=t`` (or pass that to :meth:`forward`), so that the norms use the statistics of such noise. All layers
    but the embedding table have a spectral norm. Weights are orthogonal, before ``init_cfg`` is applied. Taps are
    behind the last block of every side.

    Args:
        image_size: Side S of the images, ``bottom_side`` doubled by every second block.
        base_channels: Width that ``channel_mults`` multiplies; a multiple of 4.
        num_classes: Number of classes K.
        noise_size: Length of z.
        embedding_size: Length of the class embedding.
        channel_mults: Width of the linear layer's maps, then of each up-sampling block's output, never growing; None
            for :data:`~mmgentransfer.models.backbones.biggan.GENERATOR_MULTS`.
        attention_resolutions: Sides at which self-attention follows the up-sampling; those of no block are left out.
        num_stats: Rows of the table of statistics; with one, it serves every truncation.
        truncation: Truncation of the noise, above 0 and at most 1.
        out_channels: Channels C of the images.
        bottom_side: Side of the linear layer's maps.
        norm_eps: Added to the variance in the batch norms.
        bn_momentum: Momentum of the batch norms' running statistics.
        spectral_eps: Of the spectral norms.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: Sizes that are not possible, or don't go together.
    """

    def __init__(
        self,
        image_size: int = 128,
        base_channels: int = 128,
        num_classes: int = 1000,
        noise_size: int = 128,
        embedding_size: int = 128,
        channel_mults: Sequence[int] | None = None,
        attention_resolutions: Sequence[int] = (64,),
        num_stats: int = 51,
        truncation: float = 1.0,
        out_channels: int = 3,
        bottom_side: int = 4,
        norm_eps: float = 1e-4,
        bn_momentum: float = 0.1,
        spectral_eps: float = 1e-4,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = channel_widths(image_size, base_channels, channel_mults, GENERATOR_MULTS)
        check_generator_side(image_size, bottom_side, widths)
        if widths != sorted(widths, reverse=True) or widths[-1] < max(4, out_channels):
            raise ValueError(
                f'base_channels={base_channels} and channel_mults={channel_mults} give the widths {widths}, which must '
                f'not grow, since the shortcuts only drop channels, nor end below 4 or out_channels={out_channels}.'
            )
        if min(num_classes, noise_size, embedding_size, num_stats) < 1:
            raise ValueError(
                f'num_classes={num_classes}, noise_size={noise_size}, embedding_size={embedding_size} and '
                f'num_stats={num_stats} must all be 1 or more.'
            )
        self.image_size = image_size
        self.noise_size = noise_size
        self.num_classes = num_classes
        self.embedding_size = embedding_size
        self.out_channels = out_channels
        self.bottom_side = bottom_side
        self.num_stats = num_stats
        self.truncation = truncation
        self._rows(truncation)

        make_norm = partial(
            TruncationBatchNorm, num_stats=num_stats, eps=norm_eps, momentum=bn_momentum, spectral_eps=spectral_eps
        )
        condition_size = noise_size + embedding_size
        norm = partial(make_norm, condition_size=condition_size)
        self.shared = nn.Embedding(num_classes, embedding_size)
        self.linear = spectral(nn.Linear(condition_size, widths[0] * bottom_side**2), spectral_eps)
        self.tap_channels = {bottom_side * 2**level: width for level, width in enumerate(widths)}
        sides = list(self.tap_channels)
        self.keep_blocks = nn.ModuleList(
            DeepGeneratorBlock(width, width, False, norm, spectral_eps) for width in widths[:-1]
        )
        self.up_blocks = nn.ModuleList(DeepGeneratorBlock(i, o, True, norm, spectral_eps) for i, o in pairwise(widths))
        self.attentions = nn.ModuleDict(
            {
                str(level): SelfAttention(widths[level + 1], spectral_eps)
                for level in range(len(self.up_blocks))
                if sides[level + 1] in attention_resolutions
            }
        )
        self.output_norm = make_norm(widths[-1], condition_size=0)
        # As wide as its input: the spectral norm is that of all its outputs, of which the first are the images.
        self.output_conv = spectral(nn.Conv2d(widths[-1], widths[-1], 3, padding=1), spectral_eps)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            init_orthogonal(self)
            for module in self.modules():
                if isinstance(module, TruncationBatchNorm):
                    module.reset_parameters()
        super().init_weights()

    def embed(self, labels: Tensor) -> Tensor:
        """Returns the class embeddings (N, ``embedding_size``) of ``labels`` (N,) int64."""
        return self.shared(labels)

    def forward(
        self,
        noise: Tensor,
        labels: Tensor | None = None,
        *,
        embedding: Tensor | None = None,
        injected: Mapping[int, Tensor] | None = None,
        return_taps: bool = False,
        truncation: float | None = None,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Generates images.

        Args:
            noise: (N, ``noise_size``), already truncated.
            labels: Classes (N,) int64.
            embedding: Class embedding (N, ``embedding_size``) in place of the labels'.
            injected: Features (N, C_r, r, r) that are added at the taps, by resolution r.
            return_taps: Whether to return the features at the taps too, after the addition.
            truncation: Truncation of ``noise``; None for that of the generator.

        Returns:
            Images (N, C, S, S) in [-1, 1]; with ``return_taps`` the pair of images and features by resolution.

        Raises:
            ValueError: An input of the wrong shape, both or neither of labels and embedding, features for a resolution
                without a tap, or a truncation that is not above 0 and at most 1.
        """
        check_noise(self, noise)
        taps = FeatureTaps(self, injected, return_taps)
        rows = self._rows(self.truncation if truncation is None else truncation)
        condition = torch.cat([noise, class_embedding(self, labels, embedding, noise.shape[0])], dim=1)

        x = self.linear(condition).unflatten(1, (-1, self.bottom_side, self.bottom_side))
        for level, (keep, up) in enumerate(zip(self.keep_blocks, self.up_blocks)):
            x = up(taps(keep(x, rows, condition)), rows, condition)
            if str(level) in self.attentions:
                x = self.attentions[str(level)](x)
        x = F.relu(self.output_norm(taps(x), rows))
        colours = slice(self.out_channels)
        images = torch.tanh(F.conv2d(x, self.output_conv.weight[colours], self.output_conv.bias[colours], padding=1))
        return (images, taps.features) if return_taps else images

    def _rows(self, truncation: float) -> Rows:
        """Returns the rows of the tables that belong to a truncation, with their weights."""
        if not 0 < truncation <= 1:
            raise ValueError(f'truncation={truncation} must be above 0 and at most 1.')
        if self.num_stats == 1:
            return [(0, 1.0)]
        part, below = math.modf(truncation / (1.0 / (self.num_stats - 1)))
        row = int(below)
        # Between two rows the lower one has the weight `part`, not `1 - part`: as the public weights were used.
        return [(row, part), (row + 1, 1 - part)] if part else [(row, 1.0)]
