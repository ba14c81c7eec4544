"""The residual SNGAN networks, without classes and with conditional norms and a projection (A.2.1 of the thesis)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.inputs import check_images, check_labels, check_noise
from mmgentransfer.models.layers.norms import ConditionalBatchNorm
from mmgentransfer.models.layers.residual import apply_norm
from mmgentransfer.models.layers.spectral import raw_weight, reset_spectral, spectral
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS

__all__ = ['SNGANDiscriminator', 'SNGANGenerator', 'default_critic_mults', 'default_generator_mults']


def _num_halvings(image_size: int) -> int:
    """Returns how often the side can be halved before it is less than 8: 5 for 128, 3 for 48."""
    num = max(int(math.log2(max(image_size, 1) / 4)), 0)
    if num < 1 or image_size % 2**num:
        raise ValueError(
            f'image_size={image_size} has no usual channel_mults: it should be 2^n or 3 * 2^n, and at least 8. '
            f'For another size give channel_mults.'
        )
    return num


def default_generator_mults(image_size: int) -> tuple[int, ...]:
    """Returns the usual widths: of the linear layer's maps, then of each block, as multiples of the last one's.

    16, 16, 8, 4, 2, 1 for 128 pixels, 16, 8, 4, 2, 1 for 64, 8, 4, 2, 1 for 48; up to 32 pixels 4 throughout.

    Raises:
        ValueError: The size is not 2^n or 3 * 2^n, or less than 8.
    """
    num = _num_halvings(image_size)
    return (4,) * (num + 1) if image_size <= 32 else tuple(min(16, 2 ** (num - i)) for i in range(num + 1))


def default_critic_mults(image_size: int) -> tuple[tuple[int, ...], int]:
    """Returns the usual widths of the blocks as multiples of the first one's, and how many of them halve the side.

    1, 2, 4, 8, 16, 16 for 128 pixels, of which five halve it; 1, 2, 4, 8, 16 for 64 (all five) and 48 (four); up to
    32 pixels 4, 4, 4, 4, of which two do.

    Raises:
        ValueError: The size is not 2^n or 3 * 2^n, or less than 8.
    """
    num = _num_halvings(image_size)
    if image_size <= 32:
        return (4,) * 4, 2
    if image_size == 64:
        return (1, 2, 4, 8, 16), 5
    if image_size & (image_size - 1):
        num += 1  # 3 * 2^n pixels: down to a side of 3
    return tuple(min(16, 2**i) for i in range(num + 1)), num


def _xavier(module: nn.Module) -> None:
    """Draws the weights: gain sqrt(2) for the 3x3 convolutions of blocks, 1 for all other layers; biases become 0."""
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.Embedding)):
            nn.init.xavier_uniform_(raw_weight(layer))
            if getattr(layer, 'bias', None) is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.reset_running_stats()
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
    for layer in module.modules():
        if isinstance(layer, (_UpBlock, _DownBlock)):
            for convolution in (layer.conv1, layer.conv2):
                nn.init.xavier_uniform_(raw_weight(convolution), math.sqrt(2.0))
    reset_spectral(module)


class _UpBlock(nn.Module):
    """Norm, ReLU, doubling, 3x3 convolution, norm, ReLU, 3x3 convolution; shortcut of a 1x1 convolution and doubling.

    Doubling and 1x1 convolution commute, for both ways of doubling; this order has a quarter of the work.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Any, upsample: str) -> None:
        super().__init__()
        self.norm1 = norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
        self.doubled = partial(
            F.interpolate, scale_factor=2, mode=upsample, align_corners=False if upsample == 'bilinear' else None
        )

    def forward(self, x: Tensor, labels: Tensor | None) -> Tensor:
        h = self.conv1(self.doubled(F.relu(apply_norm(self.norm1, x, labels))))
        h = self.conv2(F.relu(apply_norm(self.norm2, h, labels)))
        return h + self.doubled(self.shortcut(x))


class _DownBlock(nn.Module):
    """ReLU (not in the first block), 3x3 convolution, ReLU, 3x3 convolution, halving if ``down``; shortcut.

    The shortcut halves and has a 1x1 convolution, which commute; it is the identity where the shape stays.
    """

    def __init__(
        self, in_channels: int, out_channels: int, down: bool, first: bool, relu_shortcut: bool, eps: float
    ) -> None:
        super().__init__()
        hidden = out_channels if first else in_channels
        self.down = down
        self.first = first
        self.relu_shortcut = relu_shortcut
        self.conv1 = spectral(nn.Conv2d(in_channels, hidden, 3, padding=1), eps)
        self.conv2 = spectral(nn.Conv2d(hidden, out_channels, 3, padding=1), eps)
        has_shape_change = first or down or in_channels != out_channels
        self.shortcut = spectral(nn.Conv2d(in_channels, out_channels, 1), eps) if has_shape_change else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        # Not in place: the shortcut takes the features before the ReLU, unless it is told otherwise.
        h = x if self.first else F.relu(x)
        if self.relu_shortcut:
            x = h
        h = self.conv2(F.relu(self.conv1(h)))
        if self.down:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.shortcut(x)


@MODELS.register_module()
class SNGANGenerator(BaseModule):
    """Residual generator: a linear layer, up-sampling blocks, then batch norm, ReLU, 3x3 convolution and tanh.

    Its layers have no spectral norm. Weights are Xavier-uniform, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images. The usual sizes are 32, 48, 64 and 128.
        base_channels: Width that ``channel_mults`` multiplies.
        channel_mults: Width of the linear layer's maps, then of each block's output, each of which doubles the side;
            by default those of :func:`default_generator_mults`.
        noise_size: Length of z.
        out_channels: Channels C of the images.
        num_classes: Number of classes K; with classes the norms of the blocks are :class:`ConditionalBatchNorm`.
        upsample: How blocks double the side: ``'nearest'``, or ``'bilinear'`` as some public checkpoints need.
        norm_eps: Added to the variance in the batch norms.
        bn_momentum: Momentum of the batch norms' running statistics.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Channels of the features that leave the block of each resolution.

    Raises:
        ValueError: ``image_size`` can't be halved as often as there are blocks, or ``upsample`` is unknown.
    """

    def __init__(
        self,
        image_size: int = 128,
        base_channels: int = 64,
        channel_mults: Sequence[int] | None = None,
        noise_size: int = 128,
        out_channels: int = 3,
        num_classes: int = 0,
        upsample: Literal['nearest', 'bilinear'] = 'nearest',
        norm_eps: float = 1e-5,
        bn_momentum: float = 0.1,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if upsample not in ('nearest', 'bilinear'):
            raise ValueError(f"upsample={upsample!r} is unknown: use 'nearest' or 'bilinear'.")
        mults = default_generator_mults(image_size) if channel_mults is None else tuple(channel_mults)
        widths = _widths(base_channels, mults)
        num_blocks = len(widths) - 1
        if num_blocks < 0 or image_size < 1 or image_size % 2**num_blocks:
            raise ValueError(
                f'image_size={image_size} cannot be halved {num_blocks} times, once for each of the '
                f'len(channel_mults) - 1 blocks (channel_mults={mults}).'
            )
        self.image_size = image_size
        self.noise_size = noise_size
        self.out_channels = out_channels
        self.num_classes = num_classes
        self.bottom_side = image_size // 2**num_blocks
        self.tap_channels = {self.bottom_side * 2 ** (i + 1): width for i, width in enumerate(widths[1:])}

        plain = partial(nn.BatchNorm2d, eps=norm_eps, momentum=bn_momentum)
        conditional = partial(ConditionalBatchNorm, num_classes=num_classes, eps=norm_eps, momentum=bn_momentum)
        self.input_linear = nn.Linear(noise_size, widths[0] * self.bottom_side**2)
        self.blocks = nn.ModuleList(
            _UpBlock(i, o, conditional if num_classes else plain, upsample) for i, o in pairwise(widths)
        )
        self.output_norm = plain(widths[-1])
        self.output_conv = nn.Conv2d(widths[-1], out_channels, 3, padding=1)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            _xavier(self)
        super().init_weights()

    def forward(
        self,
        noise: Tensor,
        labels: Tensor | None = None,
        *,
        injected: dict[int, Tensor] | None = None,
        return_taps: bool = False,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Generates images.

        Args:
            noise: z (N, ``noise_size``), standard normal.
            labels: Classes (N,) int64 of a conditional generator.
            injected: Added to the features at the tap of a resolution r: (N, C_r, r, r) by r.
            return_taps: Whether to return the features at all taps too.

        Returns:
            Images (N, C, S, S) in [-1, 1]; with ``return_taps`` a pair of them and the features by resolution.

        Raises:
            ValueError: An input has the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_noise(self, noise)
        check_labels(self, labels, noise.shape[0])
        taps = FeatureTaps(self, injected, keep=return_taps)
        x = self.input_linear(noise).unflatten(1, (-1, self.bottom_side, self.bottom_side))
        for block in self.blocks:
            x = taps(block(x, labels))
        images = torch.tanh(self.output_conv(F.relu(self.output_norm(x))))
        return (images, taps.features) if return_taps else images


@MODELS.register_module()
class SNGANDiscriminator(BaseModule):
    """Residual critic with spectral norms: blocks, ReLU, sum over all positions, and a linear score.

    With classes, the inner product of the summed features h with a vector of the class is added to the score (the
    projection). Weights are Xavier-uniform, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images. The usual sizes are 32, 48, 64 and 128.
        base_channels: Width that ``channel_mults`` multiplies.
        channel_mults: Width of each block's output; by default those of :func:`default_critic_mults`.
        num_downs: How many blocks, from the first on, halve the side; by default those of
            :func:`default_critic_mults`, or all blocks if ``channel_mults`` are given.
        in_channels: Channels C of the images.
        num_classes: Number of classes K of the projection, 0 for none.
        projection: With ``False`` labels are ignored, and the table of class vectors is kept without a gradient.
        relu_shortcut: Whether the shortcuts of all blocks but the first take the features after the ReLU instead of
            before it. Public checkpoints of an implementation whose ReLU works in place need it.
        eps: Smallest norm that the spectral norms' power iteration divides by.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Channels of the features that leave the last block of each resolution.

    Raises:
        ValueError: ``image_size`` can't be halved ``num_downs`` times, or there are fewer blocks than that.
    """

    def __init__(
        self,
        image_size: int = 128,
        base_channels: int = 64,
        channel_mults: Sequence[int] | None = None,
        num_downs: int | None = None,
        in_channels: int = 3,
        num_classes: int = 0,
        projection: bool = True,
        relu_shortcut: bool = False,
        eps: float = 1e-12,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if channel_mults is None:
            mults, usual_downs = default_critic_mults(image_size)
        else:
            mults, usual_downs = tuple(channel_mults), len(channel_mults)
        num_downs = usual_downs if num_downs is None else num_downs
        widths = _widths(base_channels, mults)
        if not 1 <= num_downs <= len(widths):
            raise ValueError(
                f'num_downs={num_downs} must be between 1 and the number of blocks, {len(widths)} '
                f'(channel_mults={mults}).'
            )
        if image_size < 1 or image_size % 2**num_downs:
            raise ValueError(f'image_size={image_size} cannot be halved num_downs={num_downs} times.')
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.projection = projection and num_classes > 0
        self.tap_channels = {image_size // 2 ** min(i + 1, num_downs): width for i, width in enumerate(widths)}

        self.blocks = nn.ModuleList(
            _DownBlock(i, o, down=n < num_downs, first=n == 0, relu_shortcut=relu_shortcut, eps=eps)
            for n, (i, o) in enumerate(pairwise([in_channels, *widths]))
        )
        self.score_head = spectral(nn.Linear(widths[-1], 1), eps)
        self.embedding = spectral(nn.Embedding(num_classes, widths[-1]), eps) if num_classes else None
        if num_classes and not projection:
            self.embedding.requires_grad_(False)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            _xavier(self)
        super().init_weights()

    def forward(
        self, images: Tensor, labels: Tensor | None = None, *, return_taps: bool = False
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Scores images, higher for more real.

        Args:
            images: (N, C, S, S) in [-1, 1].
            labels: Classes (N,) int64, which the projection needs.
            return_taps: Whether to return the features at all taps too.

        Returns:
            Scores (N,), any real numbers; with ``return_taps`` a pair of them and the features by resolution.

        Raises:
            ValueError: ``images`` have the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_images(self, images)
        check_labels(self, labels, images.shape[0], required=self.projection)
        taps = FeatureTaps(self, keep=return_taps)
        x = images
        for block in self.blocks:
            x = taps(block(x))
        h = F.relu(x).sum(dim=(2, 3))
        scores = self.score_head(h).squeeze(1)
        if self.projection:
            scores = scores + (self.embedding(labels) * h).sum(dim=1)
        return (scores, taps.features) if return_taps else scores


def _widths(base_channels: int, mults: Sequence[int]) -> list[int]:
    widths = [base_channels * mult for mult in mults]
    if not widths or any(not isinstance(width, int) or width < 1 for width in widths):
        raise ValueError(
            f'base_channels={base_channels!r} times channel_mults={tuple(mults)} must be positive integers, '
            f'at least one.'
        )
    return widths
