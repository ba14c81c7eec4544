"""The StyleGAN networks of the first version, in the layout that was trained with progressive growing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.equalised import (
    SQRT2,
    Blur,
    EqualizedConv2d,
    EqualizedLinear,
    MinibatchStdDev,
    reset_equalized,
)
from mmgentransfer.models.layers.inputs import check_labels, check_noise
from mmgentransfer.models.layers.norms import PixelNorm
from mmgentransfer.models.layers.progressive import check_stage, check_stage_images, fade, widths_by_side
from mmgentransfer.models.layers.styled import SLOPE, StyledInputBlock, StyledLayer, StyledUpBlock
from mmgentransfer.models.layers.taps import FeatureTaps
from mmgentransfer.registry import MODELS

__all__ = ['StyleGANDiscriminator', 'StyleGANGenerator']

NOISE_MODES = ('random', 'fixed', 'zero')


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
class StyleGANGenerator(BaseModule):
    """Style-based generator: a mapping network from z to the style w, and a synthesis network that w modulates.

    It holds a layer to RGB for every side 4, 8, ..., S, and uses the last one, or that of ``stage``. The side r has
    min(``base_channels`` / 2**(log2(r) - 1), ``max_channels``) feature maps. Weights are drawn from N(0, 1), biases are
    0 (1 for the scale of a style), weights of the noise 0, before ``init_cfg`` is applied.

    Args:
        image_size: Side S of the images, a power of 2 from 8 on.
        noise_size: Length of z and of w.
        num_mapping_layers: Number of linear layers of the mapping network.
        base_channels: Sets the widths of the large sides.
        max_channels: Greatest width.
        channels: Widths of the sides 4, 8, ..., S, in place of those two.
        out_channels: Channels C of the images.
        fused_from: Side from which on the up-sampling convolutions have a quarter of the gain, as in the layout of
            public checkpoints, where they are fused with the up-sampling; ``None`` for none.
        noise_mode: Noise maps of a pass that isn't given them: ``'random'`` draws them anew, ``'fixed'`` has the same
            ones in every pass and network, for all images, ``'zero'`` none.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Attributes:
        tap_channels: Width by side of the features that leave the block of that side.

    Raises:
        ValueError: ``image_size`` is no power of 2 from 8 on, a side would have no channels, or ``noise_mode`` is
            unknown.
    """

    num_classes = 0

    def __init__(
        self,
        image_size: int = 256,
        noise_size: int = 512,
        num_mapping_layers: int = 8,
        base_channels: int = 8192,
        max_channels: int = 512,
        channels: Sequence[int] | None = None,
        out_channels: int = 3,
        fused_from: int | None = 128,
        noise_mode: Literal['random', 'fixed', 'zero'] = 'random',
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if noise_mode not in NOISE_MODES:
            raise ValueError(f'noise_mode={noise_mode!r} is unknown: use one of {NOISE_MODES}.')
        if num_mapping_layers < 1:
            raise ValueError(f'num_mapping_layers={num_mapping_layers} must be at least 1.')
        widths = widths_by_side(image_size, base_channels, max_channels, channels)
        self.image_size = image_size
        self.noise_size = noise_size
        self.out_channels = out_channels
        self.noise_mode = noise_mode
        self.tap_channels = widths

        self.norm = PixelNorm()
        self.mapping = nn.ModuleList(EqualizedLinear(noise_size, noise_size) for _ in range(num_mapping_layers))
        self.input_block = StyledInputBlock(widths[4], noise_size)
        self.blocks = nn.ModuleDict(
            {
                str(b): StyledUpBlock(
                    widths[a], widths[b], noise_size, SQRT2 / 4 if fused_from and b >= fused_from else SQRT2
                )
                for a, b in pairwise(widths)
            }
        )
        self.to_rgb = nn.ModuleDict(
            {str(side): EqualizedConv2d(width, out_channels, 1) for side, width in widths.items()}
        )
        # Not persistent: they follow from the side alone, and are no part of a checkpoint.
        for side in widths:
            source = torch.Generator().manual_seed(side)
            noise_map = torch.randn(1, 1, side, side, generator=source, device='cpu')
            self.register_buffer(f'noise_map_{side}', noise_map, persistent=False)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            reset_equalized(self)
            nn.init.normal_(self.input_block.constant)
            for layer in self.modules():
                if isinstance(layer, StyledLayer):
                    layer.reset_style()
        super().init_weights()

    def map_noise(self, noise: Tensor) -> Tensor:
        """Maps z (N, ``noise_size``) to the style w (N, ``noise_size``)."""
        check_noise(self, noise)
        w = self.norm(noise)
        for layer in self.mapping:
            w = F.leaky_relu(layer(w), SLOPE)
        return w

    @torch.no_grad()
    def mean_style(self, num: int = 10_240, generator: torch.Generator | None = None) -> Tensor:
        """Returns the mean w (1, ``noise_size``) of ``num`` standard normal z, for the truncation of :meth:`forward`.

        Args:
            num: Number of z.
            generator: Draws them; by default PyTorch's own.
        """
        weight = self.mapping[0].weight
        device = weight.device if generator is None else generator.device
        total = weight.new_zeros(1, self.noise_size)
        for start in range(0, num, 1024):
            noise = torch.randn(min(1024, num - start), self.noise_size, generator=generator, device=device)
            total += self.map_noise(noise.to(weight)).sum(dim=0, keepdim=True)
        return total / num

    def forward(
        self,
        noise: Tensor,
        labels: Tensor | None = None,
        *,
        injected: Mapping[int, Tensor] | None = None,
        return_taps: bool = False,
        stage: int | None = None,
        alpha: float = 1.0,
        mixing_noise: Tensor | None = None,
        crossover: int | None = None,
        truncation: float = 1.0,
        mean_style: Tensor | None = None,
        noise_maps: Mapping[int, Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Generates images.

        Args:
            noise: z (N, ``noise_size``), standard normal.
            labels: Must be ``None``: the generator has no classes.
            injected: Added to the features at the tap of a resolution r: (N, C_r, r, r) by r.
            return_taps: Whether to return the features at all taps too.
            stage: Side s of the images while the network grows; ``None`` for ``image_size``.
            alpha: Weight in [0, 1] of the newest block; the rest has the up-sampled image of half the side.
            mixing_noise: A second z (N, ``noise_size``), whose style takes over at the side ``crossover``.
            crossover: A side from 8 to s; by default one of these is drawn for the batch.
            truncation: Factor of the distance of w from ``mean_style``.
            mean_style: (1, ``noise_size``), as :meth:`mean_style` returns; needed with a ``truncation`` other than 1.
            noise_maps: Noise (N or 1, 1, r, r) by side r; a side that is left out has that of ``noise_mode``.
            generator: Draws the random noise maps, and the crossover; by default PyTorch's own.

        Returns:
            Images (N, C, s, s), trained to be in [-1, 1] but not limited to it; with ``return_taps`` a pair of them and
            the features by resolution.

        Raises:
            ValueError: An input has the wrong shape, labels are given, ``stage`` or ``alpha`` is out of range,
                ``crossover`` is no side with a block before it, or the truncation has no mean style.
        """
        check_labels(self, labels, noise.shape[0])
        stage = check_stage(self, stage, alpha, injected)
        taps = FeatureTaps(self, injected, keep=return_taps)
        style = self._truncated(self.map_noise(noise), truncation, mean_style)
        later_style, crossover = self._mixed(style, mixing_noise, crossover, stage, truncation, mean_style, generator)
        maps = self._noise_maps(noise, noise_maps or {}, stage, generator)

        x = previous = taps(self.input_block(style, maps[4]))
        for key, block in self.blocks.items():
            side = int(key)
            if side > stage:
                break
            previous, x = x, taps(block(x, later_style if side >= crossover else style, maps[side]))
        images = self.to_rgb[str(stage)](x)
        if alpha < 1 and stage > 4:
            images = fade(F.interpolate(self.to_rgb[str(stage // 2)](previous), scale_factor=2.0), images, alpha)
        return (images, taps.features) if return_taps else images

    def _truncated(self, style: Tensor, truncation: float, mean_style: Tensor | None) -> Tensor:
        if truncation == 1.0:
            return style
        if mean_style is None:
            raise ValueError(f'truncation={truncation} needs the mean_style, which the method mean_style() returns.')
        return torch.lerp(mean_style.to(style).expand_as(style), style, truncation)

    def _mixed(
        self,
        style: Tensor,
        mixing_noise: Tensor | None,
        crossover: int | None,
        stage: int,
        truncation: float,
        mean_style: Tensor | None,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, int]:
        """Returns the style of the later blocks, and the side of the first of these."""
        sides = [side for side in self.tap_channels if 8 <= side <= stage]
        if mixing_noise is None:
            if crossover is not None:
                raise ValueError(f'crossover={crossover} needs a mixing_noise, whose style takes over there.')
            return style, stage
        if mixing_noise.shape[0] != style.shape[0]:
            raise ValueError(f'mixing_noise has {mixing_noise.shape[0]} rows, but noise {style.shape[0]}.')
        if not sides or crossover not in (None, *sides):
            raise ValueError(f'crossover={crossover} is none of the sides that have a block before them: {sides}.')
        if crossover is None:
            device = 'cpu' if generator is None else generator.device
            crossover = sides[torch.randint(len(sides), (), generator=generator, device=device).item()]
        return self._truncated(self.map_noise(mixing_noise), truncation, mean_style), crossover

    def _noise_maps(
        self, noise: Tensor, given: Mapping[int, Tensor], stage: int, generator: torch.Generator | None
    ) -> dict[int, Tensor | None]:
        """Returns the noise map of every side up to the stage, ``None`` for one without."""
        sides = [side for side in self.tap_channels if side <= stage]
        maps: dict[int, Tensor | None] = {}
        for side in sides:
            if side in given:
                maps[side] = given[side]
                if tuple(maps[side].shape) not in [(num, 1, side, side) for num in (1, noise.shape[0])]:
                    raise ValueError(
                        f'noise_maps[{side}] must have the shape ({noise.shape[0]} or 1, 1, {side}, {side}), got '
                        f'{tuple(maps[side].shape)}.'
                    )
            elif self.noise_mode == 'random':
                device = noise.device if generator is None else generator.device
                shape = (noise.shape[0], 1, side, side)
                maps[side] = torch.randn(shape, generator=generator, device=device).to(noise.device)
            else:
                maps[side] = getattr(self, f'noise_map_{side}') if self.noise_mode == 'fixed' else None
        unknown = sorted(set(given) - set(sides))
        if unknown:
            raise ValueError(f'noise_maps has maps of the sides {unknown}; those of this pass are {sides}.')
        return maps


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
        x = F.leaky_relu(self.head_conv1(self.minibatch_std(x)), SLOPE)
        x = F.leaky_relu(self.head_conv2(x), SLOPE)
        scores = self.score_head(x.flatten(1)).squeeze(1)
        return (scores, taps.features) if return_taps else scores

    def _features_from_rgb(self, images: Tensor, side: int) -> Tensor:
        x = self.from_rgb[str(side)](images)
        return F.leaky_relu(x, SLOPE) if self.from_rgb_activation else x
