"""The progressively grown ProGAN networks (thesis section A.2.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.equalised import (
    SQRT2,
    EqualizedConv2d,
    EqualizedLinear,
    MinibatchStdDev,
    reset_equalized,
)
from mmgentransfer.models.layers.inputs import check_labels, check_noise
from mmgentransfer.models.layers.norms import PixelNorm
from mmgentransfer.models.layers.progressive import check_stage, check_stage_images, fade, widths_by_side
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS

__all__ = ['ProGANDiscriminator', 'ProGANGenerator']

SLOPE = 0.2


class _RMSNorm(nn.Module):
    """Pixel norm with ``eps`` added to the root mean square, not to the mean square."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        rms = torch.linalg.vector_norm(x, dim=1, keepdim=True) / math.sqrt(x.shape[1])
        return x / (rms + self.eps)


class _UpBlock(nn.Module):
    """Two 3x3 convolutions, the first after nearest up-sampling; LeakyReLU and pixel norm after each."""

    def __init__(self, in_channels: int, out_channels: int, norm: nn.Module) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(in_channels, out_channels, resample='up')
        self.conv2 = EqualizedConv2d(out_channels, out_channels)
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(F.leaky_relu(self.conv1(x), SLOPE))
        return self.norm(F.leaky_relu(self.conv2(x), SLOPE))


class _DownBlock(nn.Module):
    """Two 3x3 convolutions with LeakyReLU, and 2x2 mean pooling before or after the last of these."""

    def __init__(self, in_channels: int, out_channels: int, pool_before_activation: bool) -> None:
        super().__init__()
        self.pool_before_activation = pool_before_activation
        self.conv1 = EqualizedConv2d(in_channels, in_channels)
        self.conv2 = EqualizedConv2d(in_channels, out_channels, resample='down' if pool_before_activation else None)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv1(x), SLOPE)
        x = F.leaky_relu(self.conv2(x), SLOPE)
        return x if self.pool_before_activation else F.avg_pool2d(x, 2)


@MODELS.register_module()
class ProGANGenerator(BaseModule):
    """Progressively grown generator with pixel norm and equalised layers, linear at the end.

    It holds a layer to RGB for every side 4, 8, ..., S, and uses the last one, or that of ``stage``. The side r has
    min(``base_channels`` / 2**(log2(r) - 1), ``max_channels``) feature maps. Weights are drawn from N(0, 1), biases are
    0, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images, a power of 2 from 8 on.
        base_channels: Sets the widths of the large sides.
        max_channels: Greatest width.
        channels: Widths of the sides 4, 8, ..., S, in place of those two.
        noise_size: Length of z.
        out_channels: Channels C of the images.
        normalize_noise: Whether z is divided by its root mean square first.
        normalize_input: Whether a pixel norm follows the first, linear layer.
        rms_eps: Added to the root mean square in the pixel norms of features; by default 1e-8 is added to the mean
            square instead. Public checkpoints of MMGeneration have 1e-5.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Width by side of the features that leave the block of that side.

    Raises:
        ValueError: ``image_size`` is no power of 2 from 8 on, or a side would have no channels.
    """

    num_classes = 0

    def __init__(
        self,
        image_size: int = 1024,
        base_channels: int = 8192,
        max_channels: int = 512,
        channels: Sequence[int] | None = None,
        noise_size: int = 512,
        out_channels: int = 3,
        normalize_noise: bool = True,
        normalize_input: bool = True,
        rms_eps: float | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = widths_by_side(image_size, base_channels, max_channels, channels)
        self.image_size = image_size
        self.noise_size = noise_size
        self.out_channels = out_channels
        self.normalize_input = normalize_input
        self.tap_channels = widths

        self.noise_norm = PixelNorm() if normalize_noise else nn.Identity()
        self.norm = PixelNorm() if rms_eps is None else _RMSNorm(rms_eps)
        self.input_linear = EqualizedLinear(noise_size, widths[4] * 16, gain=SQRT2 / 4, bias=False)
        self.input_bias = nn.Parameter(torch.zeros(widths[4]))
        self.input_conv = EqualizedConv2d(widths[4], widths[4])
        self.blocks = nn.ModuleDict({str(b): _UpBlock(widths[a], widths[b], self.norm) for a, b in pairwise(widths)})
        self.to_rgb = nn.ModuleDict(
            {str(side): EqualizedConv2d(width, out_channels, 1, gain=1.0) for side, width in widths.items()}
        )

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            reset_equalized(self)
            nn.init.zeros_(self.input_bias)
        super().init_weights()

    def forward(
        self,
        noise: Tensor,
        labels: Tensor | None = None,
        *,
        injected: Mapping[int, Tensor] | None = None,
        return_taps: bool = False,
        stage: int | None = None,
        alpha: float = 1.0,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Generates images.

        Args:
            noise: z (N, ``noise_size``), standard normal.
            labels: Must be ``None``: the generator has no classes.
            injected: Added to the features at the tap of a resolution r: (N, C_r, r, r) by r.
            return_taps: Whether to return the features at all taps too.
            stage: Side s of the images while the network grows; ``None`` for ``image_size``.
            alpha: Weight in [0, 1] of the newest block; the rest has the up-sampled image of half the side.

        Returns:
            Images (N, C, s, s), trained to be in [-1, 1] but not limited to it; with ``return_taps`` a pair of them and
            the features by resolution.

        Raises:
            ValueError: An input has the wrong shape, labels are given, or ``stage`` or ``alpha`` is out of range.
        """
        check_noise(self, noise)
        check_labels(self, labels, noise.shape[0])
        stage = check_stage(self, stage, alpha, injected)
        taps = FeatureTaps(self, injected, keep=return_taps)

        x = self.input_linear(self.noise_norm(noise)).unflatten(1, (-1, 4, 4))
        x = F.leaky_relu(x + self.input_bias[:, None, None], SLOPE)
        x = self.norm(x) if self.normalize_input else x
        x = previous = taps(self.norm(F.leaky_relu(self.input_conv(x), SLOPE)))
        for side, block in self.blocks.items():
            if int(side) > stage:
                break
            previous, x = x, taps(block(x))
        images = self.to_rgb[str(stage)](x)
        if alpha < 1 and stage > 4:
            images = fade(F.interpolate(self.to_rgb[str(stage // 2)](previous), scale_factor=2.0), images, alpha)
        return (images, taps.features) if return_taps else images


@MODELS.register_module()
class ProGANDiscriminator(BaseModule):
    """Progressively grown critic with equalised layers and minibatch standard deviation; its scores are linear.

    It holds a layer from RGB for every side 4, 8, ..., S, and uses the last one, or that of ``stage``. Widths are those
    of :class:`ProGANGenerator`. Weights are drawn from N(0, 1), biases are 0, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images, a power of 2 from 8 on.
        base_channels: Sets the widths of the large sides.
        max_channels: Greatest width.
        channels: Widths of the sides 4, 8, ..., S, in place of those two.
        in_channels: Channels C of the images.
        head: ``'original'`` has a 3x3 convolution after the minibatch standard deviation, ``'mmgen'`` none.
        head_channels: Width of the last hidden layer; ``None`` for the smaller of ``base_channels`` and
            ``max_channels``, or the first of ``channels``.
        group_size: Images over which the minibatch standard deviation is taken; ``None`` for the whole batch.
        from_rgb_activation: Whether a LeakyReLU follows the layer from RGB.
        pool_before_activation: Whether the mean pooling of a block is done before its last LeakyReLU, together with
            the convolution, instead of after it.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        mixes_images: True, since a score depends on the other images of the batch.
        tap_channels: Width by side of the features that leave the block that ends at that side.

    Raises:
        ValueError: ``image_size`` is no power of 2 from 8 on, a side would have no channels, or ``head`` is unknown.
    """

    num_classes = 0
    mixes_images = True

    def __init__(
        self,
        image_size: int = 1024,
        base_channels: int = 8192,
        max_channels: int = 512,
        channels: Sequence[int] | None = None,
        in_channels: int = 3,
        head: Literal['original', 'mmgen'] = 'original',
        head_channels: int | None = None,
        group_size: int | None = 4,
        from_rgb_activation: bool = True,
        pool_before_activation: bool = False,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if head not in ('original', 'mmgen'):
            raise ValueError(f"head={head!r} is unknown: use 'original' or 'mmgen'.")
        widths = widths_by_side(image_size, base_channels, max_channels, channels)
        if head_channels is None:
            head_channels = min(base_channels, max_channels) if channels is None else widths[4]
        self.image_size = image_size
        self.in_channels = in_channels
        self.from_rgb_activation = from_rgb_activation
        self.tap_channels = {side: width for side, width in widths.items() if side < image_size}

        self.from_rgb = nn.ModuleDict(
            {str(side): EqualizedConv2d(in_channels, width, 1) for side, width in widths.items()}
        )
        self.blocks = nn.ModuleDict(
            {str(b): _DownBlock(widths[b], widths[a], pool_before_activation) for a, b in reversed([*pairwise(widths)])}
        )
        self.minibatch_std = MinibatchStdDev(group_size)
        self.head_conv = EqualizedConv2d(widths[4] + 1, widths[4]) if head == 'original' else None
        flat_features = (widths[4] if head == 'original' else widths[4] + 1) * 16
        self.head_linear = EqualizedLinear(flat_features, head_channels)
        self.score_head = EqualizedLinear(head_channels, 1, gain=1.0)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            reset_equalized(self)
        super().init_weights()

    def forward(
        self,
        images: Tensor,
        labels: Tensor | None = None,
        *,
        return_taps: bool = False,
        stage: int | None = None,
        alpha: float = 1.0,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Scores images, higher for more real.

        Args:
            images: (N, C, s, s) in [-1, 1]; N at most ``group_size`` or a multiple of it.
            labels: Must be ``None``: the critic has no classes.
            return_taps: Whether to return the features at all taps too.
            stage: Side s of the images while the network grows; ``None`` for ``image_size``.
            alpha: Weight in [0, 1] of the newest block; the rest has the features of the image of half the side.

        Returns:
            Scores (N,), any real numbers; with ``return_taps`` a pair of them and the features by resolution.

        Raises:
            ValueError: ``images`` have the wrong shape or number, labels are given, or ``stage`` or ``alpha`` is out of
                range.
        """
        stage = check_stage(self, stage, alpha)
        check_stage_images(self, images, stage)
        check_labels(self, labels, images.shape[0])
        taps = FeatureTaps(self, keep=return_taps)

        x = self._features_from_rgb(images, stage)
        for side, block in self.blocks.items():
            if int(side) > stage:
                continue
            x = block(x)
            if int(side) == stage and alpha < 1:
                x = fade(self._features_from_rgb(F.avg_pool2d(images, 2), stage // 2), x, alpha)
            x = taps(x)
        x = self.minibatch_std(x)
        if self.head_conv is not None:
            x = F.leaky_relu(self.head_conv(x), SLOPE)
        x = F.leaky_relu(self.head_linear(x.flatten(1)), SLOPE)
        scores = self.score_head(x).squeeze(1)
        return (scores, taps.features) if return_taps else scores

    def _features_from_rgb(self, images: Tensor, side: int) -> Tensor:
        x = self.from_rgb[str(side)](images)
        return F.leaky_relu(x, SLOPE) if self.from_rgb_activation else x
