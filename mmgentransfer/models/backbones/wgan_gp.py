"""The residual WGAN-GP networks of TransferGAN (thesis sections 2.3.3 and 2.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.initializers import WGANGPUniform
from mmgentransfer.models.layers.inputs import check_images, check_labels, check_noise, one_hot
from mmgentransfer.models.layers.norms import ChannelLayerNorm, ConditionalBatchNorm
from mmgentransfer.models.layers.residual import DownResBlock, UpResBlock, apply_norm
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS


def _bottom_side(image_size: int, channel_mults: Sequence[int]) -> int:
    """Returns the side of the smallest feature maps: ``image_size`` halved once for every block."""
    num_blocks = len(channel_mults) - 1
    if num_blocks < 0 or image_size < 1 or image_size % 2**num_blocks:
        raise ValueError(
            f'image_size={image_size} cannot be halved {num_blocks} times, once for each of the len(channel_mults) - 1 '
            f'blocks (channel_mults={tuple(channel_mults)}): image_size must be a multiple of 2**{max(num_blocks, 0)}.'
        )
    return image_size // 2**num_blocks


@MODELS.register_module()
class WGANGPGenerator(BaseModule):
    """Residual generator: a linear layer, one up-sampling block per halving, then norm, ReLU, 3x3 convolution, tanh.

    Weights are initialised by :class:`WGANGPUniform`, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images; a multiple of 2 to the number of blocks.
        base_channels: Width that ``channel_mults`` multiplies (32 is the half capacity of thesis section A.1.2).
        channel_mults: Width of the linear layer's maps, then of each block's output.
        noise_size: Length of z.
        out_channels: Channels C of the images.
        num_classes: Number of classes K, 0 for an unconditional generator.
        cond_mode: How the class enters (thesis section 2.4.1): ``'concat'`` appends its one-hot vector to z,
            ``'bnorm'`` makes every norm a :class:`ConditionalBatchNorm`; ``None`` if and only if ``num_classes`` is 0.
        norm_eps: Added to the variance in the batch norms.
        bn_momentum: Momentum of the batch norms' running statistics.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Channels of the features that leave the block of each resolution.

    Raises:
        ValueError: The bottom side is no positive integer, or ``cond_mode`` does not go with ``num_classes``.
    """

    def __init__(
        self,
        image_size: int = 64,
        base_channels: int = 64,
        channel_mults: Sequence[int] = (8, 8, 4, 2, 1),
        noise_size: int = 128,
        out_channels: int = 3,
        num_classes: int = 0,
        cond_mode: Literal['concat', 'bnorm'] | None = None,
        norm_eps: float = 1e-5,
        bn_momentum: float = 0.1,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if cond_mode not in (None, 'concat', 'bnorm'):
            raise ValueError(f"cond_mode={cond_mode!r} is unknown: use 'concat', 'bnorm' or None.")
        if (cond_mode is None) != (num_classes == 0):
            raise ValueError(
                f'num_classes={num_classes} does not go with cond_mode={cond_mode!r}: a conditional generator needs '
                f"num_classes > 0 and cond_mode='concat' or 'bnorm', an unconditional one num_classes=0 and None."
            )
        self.image_size = image_size
        self.noise_size = noise_size
        self.out_channels = out_channels
        self.num_classes = num_classes
        self.cond_mode = cond_mode
        self.bottom_side = _bottom_side(image_size, channel_mults)

        if cond_mode == 'bnorm':
            norm = partial(ConditionalBatchNorm, num_classes=num_classes, eps=norm_eps, momentum=bn_momentum)
        else:
            norm = partial(nn.BatchNorm2d, eps=norm_eps, momentum=bn_momentum)
        widths = [base_channels * mult for mult in channel_mults]
        self.tap_channels = {self.bottom_side * 2 ** (i + 1): width for i, width in enumerate(widths[1:])}
        in_features = noise_size + (num_classes if cond_mode == 'concat' else 0)
        self.input_linear = nn.Linear(in_features, widths[0] * self.bottom_side**2)
        self.blocks = nn.ModuleList(UpResBlock(i, o, norm) for i, o in pairwise(widths))
        self.output_norm = norm(widths[-1])
        self.output_conv = nn.Conv2d(widths[-1], out_channels, 3, padding=1)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            WGANGPUniform()(self)
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
        if self.cond_mode == 'concat':
            noise = torch.cat([noise, one_hot(labels, self.num_classes, noise.dtype)], dim=1)
        x = self.input_linear(noise).unflatten(1, (-1, self.bottom_side, self.bottom_side))
        for block in self.blocks:
            x = taps(block(x, labels))
        images = torch.tanh(self.output_conv(F.relu(apply_norm(self.output_norm, x, labels))))
        return (images, taps.features) if return_taps else images


@MODELS.register_module()
class WGANGPCritic(BaseModule):
    """Residual critic: a 3x3 convolution, one down-sampling block per halving, and a linear score of the flat features.

    With classes it has a second linear layer, the class head of an AC-GAN (thesis section 2.4.1). The score does not
    depend on a label. Weights are initialised by :class:`WGANGPUniform`, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images; a multiple of 2 to the number of blocks.
        base_channels: Width that ``channel_mults`` multiplies.
        channel_mults: Width of the input convolution, then of each block's output.
        in_channels: Channels C of the images.
        num_classes: Number of classes K of the class head, 0 for none.
        norm: ``'channel_layer_norm'``, or ``None`` for a critic without norms. Batch norm is not offered: it makes the
            gradient penalty of one image depend on the others.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Channels of the features that leave the block of each resolution.

    Raises:
        ValueError: The bottom side is no positive integer, or ``norm`` is unknown.
    """

    def __init__(
        self,
        image_size: int = 64,
        base_channels: int = 64,
        channel_mults: Sequence[int] = (1, 2, 4, 8, 8),
        in_channels: int = 3,
        num_classes: int = 0,
        norm: Literal['channel_layer_norm'] | None = 'channel_layer_norm',
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if norm not in (None, 'channel_layer_norm'):
            raise ValueError(f"norm={norm!r} is unknown: use 'channel_layer_norm' or None.")
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes
        bottom_side = _bottom_side(image_size, channel_mults)

        widths = [base_channels * mult for mult in channel_mults]
        features = widths[-1] * bottom_side**2
        self.tap_channels = {image_size // 2 ** (i + 1): width for i, width in enumerate(widths[1:])}
        make_norm = ChannelLayerNorm if norm else None
        self.input_conv = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(DownResBlock(i, o, make_norm) for i, o in pairwise(widths))
        self.score_head = nn.Linear(features, 1)
        self.class_head = nn.Linear(features, num_classes) if num_classes else None

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            WGANGPUniform(glorot=['input_conv'])(self)  # the only 3x3 convolution that no ReLU precedes
        super().init_weights()

    def forward(
        self, images: Tensor, labels: Tensor | None = None, *, return_taps: bool = False
    ) -> Tensor | tuple[Tensor, Any]:
        """Scores images, higher for more real.

        Args:
            images: (N, C, S, S) in [-1, 1].
            labels: Accepted for a critic with classes, as for every critic, but not used.
            return_taps: Whether to return the features at all taps too.

        Returns:
            Scores (N,), any real numbers; with a class head the pair of scores and class logits (N, K). With
            ``return_taps`` a pair of that and the features by resolution.

        Raises:
            ValueError: ``images`` have the wrong shape, or ``labels`` were given although ``num_classes`` is 0.
        """
        check_images(self, images)
        check_labels(self, labels, images.shape[0], required=False)
        taps = FeatureTaps(self, keep=return_taps)
        x = self.input_conv(images)
        for block in self.blocks:
            x = taps(block(x))
        x = x.flatten(1)
        scores = self.score_head(x).squeeze(1)
        output = scores if self.class_head is None else (scores, self.class_head(x))
        return (output, taps.features) if return_taps else output
