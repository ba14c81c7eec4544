"""The StyleGAN discriminator of the first version, in the layout that was trained with progressive growing."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.equalised import (
    Blur,
    EqualizedConv2d,
    EqualizedLinear,
    MinibatchStdDev,
    reset_equalized,
)
from mmgentransfer.models.layers.inputs import check_labels
from mmgentransfer.models.layers.progressive import check_stage, check_stage_images, fade, widths_by_side
from mmgentransfer.models.layers.styled import SLOPE
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS

__all__ = ['StyleGANDiscriminator']


class _DownBlock(nn.Module):
    """3x3 convolution and LeakyReLU, then blur, 3x3 convolution, 2x2 mean pooling and LeakyReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(in_channels, out_channels)
        self.blur = Blur()
        self.conv2 = EqualizedConv2d(out_channels, out_channels, resample='down')

    def forward(self, x: Tensor) -> Tensor:
        x = self.blur(F.leaky_relu(self.conv1(x), SLOPE))
        return F.leaky_relu(self.conv2(x), SLOPE)


@MODELS.register_module()
class StyleGANDiscriminator(BaseModule):
    """Critic of StyleGAN: blurred down-sampling and the standard deviation of the whole batch; its scores are linear.

    It holds a layer from RGB for every side 4, 8, ..., S, and uses the last one, or that of ``stage``. Widths are those
    of :class:`StyleGANGenerator`. Weights are drawn from N(0, 1), biases are 0, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images, a power of 2 from 8 on.
        base_channels: Sets the widths of the large sides.
        max_channels: Greatest width.
        channels: Widths of the sides 4, 8, ..., S, in place of those two.
        in_channels: Channels C of the images.
        from_rgb_activation: Whether a LeakyReLU follows the layer from RGB.
        group_size: Images over which the minibatch standard deviation is taken; ``None`` for the whole batch.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        mixes_images: True, since a score depends on the other images of the batch.
        tap_channels: Width by side of the features that leave the block that ends at that side.

    Raises:
        ValueError: ``image_size`` is no power of 2 from 8 on, or a side would have no channels.
    """

    num_classes = 0
    mixes_images = True

    def __init__(
        self,
        image_size: int = 256,
        base_channels: int = 8192,
        max_channels: int = 512,
        channels: Sequence[int] | None = None,
        in_channels: int = 3,
        from_rgb_activation: bool = True,
        group_size: int | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = widths_by_side(image_size, base_channels, max_channels, channels)
        self.image_size = image_size
        self.in_channels = in_channels
        self.from_rgb_activation = from_rgb_activation
        self.tap_channels = {side: width for side, width in widths.items() if side < image_size}

        self.from_rgb = nn.ModuleDict(
            {str(side): EqualizedConv2d(in_channels, width, 1) for side, width in widths.items()}
        )
        self.blocks = nn.ModuleDict(
            {str(b): _DownBlock(widths[b], widths[a]) for a, b in reversed([*pairwise(widths)])}
        )
        self.minibatch_std = MinibatchStdDev(group_size)
        self.head_conv1 = EqualizedConv2d(widths[4] + 1, widths[4])
        self.head_conv2 = EqualizedConv2d(widths[4], widths[4], 4, padding=0)
        self.score_head = EqualizedLinear(widths[4], 1)

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
            images: (N, C, s, s) in [-1, 1].
            labels: Must be ``None``: the critic has no classes.
            return_taps: Whether to return the features at all taps too, which do not depend on the other images.
            stage: Side s of the images while the network grows; ``None`` for ``image_size``.
            alpha: Weight in [0, 1] of the newest block; the rest has the features of the image of half the side.

        Returns:
            Scores (N,), any real numbers; with ``return_taps`` a pair of them and the features by resolution.

        Raises:
            ValueError: ``images`` have the wrong shape or number, labels are given, or ``stage`` or ``alpha`` is out of
                range.
        """
        stage = check_stage(self, stage, alpha)
        check_labels(self, labels, images.shape[0])
        taps = FeatureTaps(self, keep=return_taps)
        x = self._trunk(images, taps, stage, alpha)
        x = F.leaky_relu(self.head_conv1(self.minibatch_std(x)), SLOPE)
        x = F.leaky_relu(self.head_conv2(x), SLOPE)
        scores = self.score_head(x.flatten(1)).squeeze(1)
        return (scores, taps.features) if return_taps else scores

    def _features_from_rgb(self, images: Tensor, side: int) -> Tensor:
        x = self.from_rgb[str(side)](images)
        return F.leaky_relu(x, SLOPE) if self.from_rgb_activation else x

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """Returns the features at the taps (N, C_r, r, r), by resolution r, of images (N, C, S, S)."""
        taps = FeatureTaps(self, keep=True)
        self._trunk(images, taps, self.image_size, 1.0)
        return taps.features

    def trunk(self) -> StyleGANDiscriminator:
        """Returns a copy without the head, the smaller sides' layers and ``init_cfg``; it has :meth:`features` only."""
        trunk = copy.deepcopy(self)
        trunk.init_cfg = None
        for name in ('minibatch_std', 'head_conv1', 'head_conv2', 'score_head'):
            delattr(trunk, name)
        trunk.from_rgb = nn.ModuleDict({str(self.image_size): trunk.from_rgb[str(self.image_size)]})
        return trunk

    def _trunk(self, images: Tensor, taps: FeatureTaps, stage: int, alpha: float) -> Tensor:
        check_stage_images(self, images, stage)
        x = self._features_from_rgb(images, stage)
        for side, block in self.blocks.items():
            if int(side) > stage:
                continue
            x = block(x)
            if int(side) == stage and alpha < 1:
                x = fade(self._features_from_rgb(F.avg_pool2d(images, 2), stage // 2), x, alpha)
            x = taps(x)
        return x
