"""The StyleGAN generator of the first version, in the layout that was trained with progressive growing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.equalised import SQRT2, EqualizedConv2d, EqualizedLinear, reset_equalized
from mmgentransfer.models.layers.inputs import check_labels, check_noise
from mmgentransfer.models.layers.norms import PixelNorm
from mmgentransfer.models.layers.progressive import check_stage, fade, widths_by_side
from mmgentransfer.models.layers.styled import SLOPE, StyledInputBlock, StyledLayer, StyledUpBlock
from mmgentransfer.models.layers.taps import FeatureTaps, Fusion
from mmgentransfer.registry import MODELS

__all__ = ['StyleGANGenerator']

NOISE_MODES = ('random', 'fixed', 'zero')


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

    def module_sides(self) -> dict[str, int]:
        """Returns the side of the maps that each part of the network makes, 0 for what comes before the maps.

        Parts that only images of smaller sides need are left out.
        """
        blocks = {f'blocks.{side}': int(side) for side in self.blocks}
        return {'mapping': 0, 'input_block': 4, **blocks, f'to_rgb.{self.image_size}': self.image_size}

    def fixed_noise_maps(self) -> dict[int, Tensor]:
        """Returns the noise maps (1, 1, r, r) by side r that ``noise_mode='fixed'`` has in every pass."""
        return {side: getattr(self, f'noise_map_{side}') for side in self.tap_channels}

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
        fusion: Fusion | None = None,
        start: int | None = None,
        style: Tensor | None = None,
        mixing_style: Tensor | None = None,
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
            fusion: Joins features and injected ones, in place of the addition.
            start: A side whose injected features are taken as they are, without the blocks below.
            style: w (N, ``noise_size``) in place of that of ``noise``, as :meth:`map_noise` returns it.
            mixing_style: The same in place of that of ``mixing_noise``.
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
                ``crossover`` is no side with a block before it, the truncation has no mean style, or nothing is
                injected at ``start``.
        """
        check_labels(self, labels, noise.shape[0])
        stage = check_stage(self, stage, alpha, injected)
        taps = FeatureTaps(self, injected, return_taps, fusion)
        style = self._truncated(self.map_noise(noise) if style is None else style, truncation, mean_style)
        if mixing_noise is not None:
            mixing_style = self.map_noise(mixing_noise)
        later_style, crossover = self._mixed(style, mixing_style, crossover, stage, truncation, mean_style, generator)
        maps = self._noise_maps(noise, noise_maps or {}, stage, generator)

        x = previous = taps(self.input_block(style, maps[4])) if start is None else taps.start(start)
        for key, block in self.blocks.items():
            side = int(key)
            if start is not None and side <= start:
                continue
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
        mixing_style: Tensor | None,
        crossover: int | None,
        stage: int,
        truncation: float,
        mean_style: Tensor | None,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, int]:
        """Returns the style of the later blocks, and the side of the first of these."""
        sides = [side for side in self.tap_channels if 8 <= side <= stage]
        if mixing_style is None:
            if crossover is not None:
                raise ValueError(f'crossover={crossover} needs a mixing_noise, whose style takes over there.')
            return style, stage
        if mixing_style.shape[0] != style.shape[0]:
            raise ValueError(f'mixing_noise has {mixing_style.shape[0]} rows, but noise {style.shape[0]}.')
        if not sides or crossover not in (None, *sides):
            raise ValueError(f'crossover={crossover} is none of the sides that have a block before them: {sides}.')
        if crossover is None:
            device = 'cpu' if generator is None else generator.device
            crossover = sides[torch.randint(len(sides), (), generator=generator, device=device).item()]
        return self._truncated(mixing_style, truncation, mean_style), crossover

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
