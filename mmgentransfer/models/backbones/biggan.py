"""The BigGAN networks of MineGAN (thesis section 3.4.3 and appendix A.2.1) and TransferI2I."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.attention import SelfAttention
from mmgentransfer.models.layers.biggan_blocks import (
    DiscriminatorBlock,
    EmbeddingBatchNorm,
    GeneratorBlock,
    class_embedding,
    init_orthogonal,
)
from mmgentransfer.models.layers.inputs import check_images, check_labels, check_noise
from mmgentransfer.models.layers.norms import ConditionalBatchNorm
from mmgentransfer.models.layers.spectral import spectral
from mmgentransfer.models.layers.taps import FeatureTaps, Fusion
from mmgentransfer.registry import MODELS

__all__ = ['DISCRIMINATOR_MULTS', 'GENERATOR_MULTS', 'BigGANDiscriminator', 'BigGANGenerator']

GENERATOR_MULTS: dict[int, tuple[int, ...]] = {
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
"""Width of the linear layer's maps, then of each block's output, in units of ``base_channels``, by image side."""

DISCRIMINATOR_MULTS: dict[int, tuple[int, ...]] = {
    32: (4, 4, 4, 4),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
}
"""Width of each block's output, in units of ``base_channels``, by image side."""


def channel_widths(
    image_size: int, base_channels: int, channel_mults: Sequence[int] | None, table: Mapping[int, tuple[int, ...]]
) -> list[int]:
    """Returns the widths of a network's blocks, by default those of ``table`` for its side.

    Raises:
        ValueError: ``base_channels`` is no positive number, or there are no multipliers for this side.
    """
    if base_channels < 1:
        raise ValueError(f'base_channels={base_channels} must be a positive number.')
    if channel_mults is None and image_size not in table:
        raise ValueError(
            f'image_size={image_size} has no widths of its own, only {sorted(table)} have: give channel_mults.'
        )
    return [base_channels * mult for mult in (table[image_size] if channel_mults is None else channel_mults)]


def check_generator_side(image_size: int, bottom_side: int, widths: Sequence[int]) -> None:
    """Raises a ``ValueError`` unless one block for each of ``widths`` but the first leads to ``image_size``."""
    if len(widths) < 2 or bottom_side < 1 or image_size != bottom_side * 2 ** (len(widths) - 1):
        raise ValueError(
            f'image_size={image_size} does not go with {len(widths)} channel_mults: bottom_side={bottom_side} is '
            f'doubled by one block for each but the first, so that it must be {bottom_side} * 2**(number - 1).'
        )


@MODELS.register_module()
class BigGANGenerator(BaseModule):
    """Class-conditional residual generator with noise at every block, self-attention and spectral norm.

    z is split into one chunk for the linear layer and one for each block, whose norms see it beside the class
    embedding. All layers but the embedding table have a spectral norm. Weights are orthogonal, before ``init_cfg`` is
    applied. Taps are at ``bottom_side``, the linear layer's maps, and behind every block and its attention.

    Args:
        image_size: Side S of the images, ``bottom_side`` doubled by every block.
        base_channels: Width that ``channel_mults`` multiplies.
        num_classes: Number of classes K.
        noise_size: Length of z, rounded down to a multiple of the number of chunks (the attribute ``noise_size`` is
            what is taken); None for 20 a chunk, or 128 if it is not split.
        embedding_size: Length of the class embedding, or 0 for one without: each norm then looks its scale and offset
            up by class, and z goes to the linear layer only.
        channel_mults: Width of the linear layer's maps, then of each block's output; None for
            :data:`GENERATOR_MULTS`.
        attention_resolutions: Sides behind whose block self-attention follows; those of no block are left out.
        split_noise: Whether z is split; if not, all of it goes to the linear layer.
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
        base_channels: int = 96,
        num_classes: int = 1000,
        noise_size: int | None = None,
        embedding_size: int = 128,
        channel_mults: Sequence[int] | None = None,
        attention_resolutions: Sequence[int] = (64,),
        split_noise: bool = True,
        out_channels: int = 3,
        bottom_side: int = 4,
        norm_eps: float = 1e-5,
        bn_momentum: float = 0.1,
        spectral_eps: float = 1e-6,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = channel_widths(image_size, base_channels, channel_mults, GENERATOR_MULTS)
        check_generator_side(image_size, bottom_side, widths)
        if num_classes < 1:
            raise ValueError(f'num_classes={num_classes} must be 1 or more: a BigGANGenerator is class-conditional.')
        if split_noise and not embedding_size:
            raise ValueError('split_noise=True needs an embedding_size: without one, norms see no noise.')
        chunks = len(widths) if split_noise else 1
        chunk_size = (noise_size // chunks) if noise_size is not None else (20 if split_noise else 128)
        if chunk_size < 1:
            raise ValueError(f'noise_size={noise_size} cannot be split into {chunks} chunks, one more than blocks.')
        self.image_size = image_size
        self.noise_size = chunks * chunk_size
        self.num_classes = num_classes
        self.embedding_size = embedding_size
        self.out_channels = out_channels
        self.bottom_side = bottom_side
        self.chunk_size = chunk_size

        if embedding_size:
            condition_size = embedding_size + (chunk_size if split_noise else 0)
            self.shared = nn.Embedding(num_classes, embedding_size)
            norm = partial(
                EmbeddingBatchNorm,
                condition_size=condition_size,
                eps=norm_eps,
                momentum=bn_momentum,
                spectral_eps=spectral_eps,
            )
        else:
            norm = partial(ConditionalBatchNorm, num_classes=num_classes, eps=norm_eps, momentum=bn_momentum)
        self.linear = spectral(nn.Linear(chunk_size, widths[0] * bottom_side**2), spectral_eps)
        self.blocks = nn.ModuleList(GeneratorBlock(i, o, norm, spectral_eps) for i, o in pairwise(widths))
        self.tap_channels = {bottom_side * 2**level: width for level, width in enumerate(widths)}
        self.attentions = nn.ModuleDict(
            {
                str(index): SelfAttention(width, spectral_eps)
                for index, (side, width) in enumerate(list(self.tap_channels.items())[1:])
                if side in attention_resolutions
            }
        )
        self.output_norm = nn.BatchNorm2d(widths[-1], eps=norm_eps, momentum=bn_momentum)
        self.output_conv = spectral(nn.Conv2d(widths[-1], out_channels, 3, padding=1), spectral_eps)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            init_orthogonal(self)
        super().init_weights()

    def embed(self, labels: Tensor) -> Tensor:
        """Returns the class embeddings (N, ``embedding_size``) of ``labels`` (N,) int64.

        Raises:
            ValueError: The generator has no embedding table.
        """
        if not self.embedding_size:
            raise ValueError('this BigGANGenerator was built with embedding_size=0 and has no class embedding.')
        return self.shared(labels)

    def module_sides(self) -> dict[str, int]:
        """Returns the side of the maps that each part of the network makes, 0 for what comes before the maps."""
        blocks = {f'blocks.{index}': self.bottom_side * 2 ** (index + 1) for index in range(len(self.blocks))}
        attentions = {f'attentions.{index}': blocks[f'blocks.{index}'] for index in self.attentions}
        before = {'shared': 0} if self.embedding_size else {}
        ends = dict.fromkeys(('output_norm', 'output_conv'), self.image_size)
        return {**before, 'linear': self.bottom_side, **blocks, **attentions, **ends}

    def forward(
        self,
        noise: Tensor,
        labels: Tensor | None = None,
        *,
        embedding: Tensor | None = None,
        injected: Mapping[int, Tensor] | None = None,
        return_taps: bool = False,
        fusion: Fusion | None = None,
        start: int | None = None,
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Generates images.

        Args:
            noise: (N, ``noise_size``), standard normal.
            labels: Classes (N,) int64.
            embedding: Class embedding (N, ``embedding_size``) in place of the labels'.
            injected: Features (N, C_r, r, r) that are added at the taps, by resolution r.
            return_taps: Whether to return the features at the taps too, after the addition.
            fusion: Joins features and injected ones, in place of the addition.
            start: A resolution whose injected features are taken as they are, without all that is below.

        Returns:
            Images (N, C, S, S) in [-1, 1]; with ``return_taps`` the pair of images and features by resolution.

        Raises:
            ValueError: An input of the wrong shape, both or neither of labels and embedding, features for a
                resolution without a tap, or none for ``start``.
        """
        check_noise(self, noise)
        taps = FeatureTaps(self, injected, return_taps, fusion)
        if self.embedding_size:
            classes = class_embedding(self, labels, embedding, noise.shape[0])
        else:
            if embedding is not None:
                raise ValueError('this BigGANGenerator was built with embedding_size=0 and takes labels only.')
            check_labels(self, labels, noise.shape[0])
            classes = labels
        first, *rest = noise.split(self.chunk_size, dim=1)
        conditions = [torch.cat([classes, chunk], dim=1) for chunk in rest] or [classes] * len(self.blocks)

        if start is None:
            x = taps(self.linear(first).unflatten(1, (-1, self.bottom_side, self.bottom_side)))
        else:
            x = taps.start(start)
        for index, (block, condition) in enumerate(zip(self.blocks, conditions)):
            if start is not None and self.bottom_side * 2 ** (index + 1) <= start:
                continue
            x = block(x, condition)
            if str(index) in self.attentions:
                x = self.attentions[str(index)](x)
            x = taps(x)
        images = torch.tanh(self.output_conv(F.relu(self.output_norm(x))))
        return (images, taps.features) if return_taps else images


@MODELS.register_module()
class BigGANDiscriminator(BaseModule):
    r"""Residual projection discriminator with self-attention and spectral norm.

    With :math:`h` the last features, summed over positions after a ReLU, the score is
    :math:`\psi(h) + \langle \mathrm{embed}(y), h \rangle`. All layers have a spectral norm. Weights are orthogonal,
    before ``init_cfg`` is applied. Taps are behind the last block of every side and its attention.

    Args:
        image_size: Side S of the images, halved by the first blocks until ``bottom_side`` is reached.
        base_channels: Width that ``channel_mults`` multiplies.
        num_classes: Number of classes K, 0 for a discriminator without a table.
        projection: Whether the label counts; if not, the table is kept, as it is and without gradient.
        channel_mults: Width of each block's output; None for :data:`DISCRIMINATOR_MULTS`.
        attention_resolutions: Sides behind whose blocks self-attention follows; those of no block are left out.
        wide: Whether the width between a block's convolutions is that of its output; if not, that of its input.
        in_channels: Channels C of the images.
        bottom_side: Side of the last features; None for 4, or 8 for 32-pixel images with the default widths.
        spectral_eps: Of the spectral norms.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: Sizes that are not possible, or don't go together.
    """

    def __init__(
        self,
        image_size: int = 128,
        base_channels: int = 96,
        num_classes: int = 1000,
        projection: bool = True,
        channel_mults: Sequence[int] | None = None,
        attention_resolutions: Sequence[int] = (64,),
        wide: bool = True,
        in_channels: int = 3,
        bottom_side: int | None = None,
        spectral_eps: float = 1e-6,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = channel_widths(image_size, base_channels, channel_mults, DISCRIMINATOR_MULTS)
        if bottom_side is None:
            bottom_side = 8 if image_size == 32 and channel_mults is None else 4
        halvings = (image_size // max(bottom_side, 1)).bit_length() - 1
        if bottom_side < 1 or image_size != bottom_side * 2 ** max(halvings, 0) or halvings > len(widths):
            raise ValueError(
                f'image_size={image_size} cannot be halved to bottom_side={bottom_side} by at most {len(widths)} '
                f'blocks, one for each of channel_mults.'
            )
        if projection and num_classes < 1:
            raise ValueError(f'num_classes={num_classes} must be 1 or more for projection=True.')
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.projection = projection

        sides = [image_size // 2 ** min(index + 1, halvings) for index in range(len(widths))]
        self.tap_channels = dict(zip(sides, widths))
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(i, o, o if wide else i, index == 0, index < halvings, spectral_eps)
            for index, (i, o) in enumerate(pairwise([in_channels, *widths]))
        )
        self.attentions = nn.ModuleDict(
            {
                str(index): SelfAttention(width, spectral_eps)
                for index, (side, width) in enumerate(zip(sides, widths))
                if side in attention_resolutions
            }
        )
        self.linear = spectral(nn.Linear(widths[-1], 1), spectral_eps)
        if num_classes:
            self.embed = spectral(nn.Embedding(num_classes, widths[-1]), spectral_eps).requires_grad_(projection)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            init_orthogonal(self)
        super().init_weights()

    def forward(
        self, images: Tensor, labels: Tensor | None = None, *, return_taps: bool = False
    ) -> Tensor | tuple[Tensor, dict[int, Tensor]]:
        """Scores images, higher for more real.

        Args:
            images: (N, C, S, S) in [-1, 1].
            labels: Classes (N,) int64; needed with ``projection``, else not used.
            return_taps: Whether to return the features at the taps too.

        Returns:
            Scores (N,), any real numbers; with ``return_taps`` the pair of scores and features (N, C_r, r, r) by
            resolution r.

        Raises:
            ValueError: ``images`` have the wrong shape, or ``labels`` are missing or wrong.
        """
        check_labels(self, labels, images.shape[0], required=self.projection)
        taps = FeatureTaps(self, keep=return_taps)
        pooled = F.relu(self._trunk(images, taps)).sum(dim=(2, 3))
        scores = self.linear(pooled).squeeze(1)
        if self.projection:
            scores = scores + (self.embed(labels) * pooled).sum(dim=1)
        return (scores, taps.features) if return_taps else scores

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """Returns the features at the taps (N, C_r, r, r), by resolution r, without the head."""
        taps = FeatureTaps(self, keep=True)
        self._trunk(images, taps)
        return taps.features

    def trunk(self) -> BigGANDiscriminator:
        """Returns a copy without the head and without ``init_cfg``, which has :meth:`features` only."""
        trunk = copy.deepcopy(self)
        trunk.init_cfg = None
        for name in ('linear', 'embed'):
            if hasattr(trunk, name):
                delattr(trunk, name)
        return trunk

    def _trunk(self, images: Tensor, taps: FeatureTaps) -> Tensor:
        check_images(self, images)
        x = images
        for index, block in enumerate(self.blocks):
            x = block(x)
            if str(index) in self.attentions:
                x = self.attentions[str(index)](x)
            x = taps(x)
        return x
