"""What progressively grown networks share: the widths by side, and the stage of the growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

__all__ = ['check_stage', 'check_stage_images', 'fade', 'widths_by_side']


def widths_by_side(
    image_size: int, base_channels: int, max_channels: int, channels: Sequence[int] | None = None
) -> dict[int, int]:
    r"""Returns the width of the feature maps of every side r = 4, 8, ..., ``image_size``.

    It is :math:`\min(\lfloor base / 2^s \rfloor, max)` with :math:`s = \log_2 r - 1`, unless ``channels`` lists the
    widths.

    Raises:
        ValueError: ``image_size`` is no power of 2 from 8 on, a width is not positive, or ``channels`` has not one
            width for each side.
    """
    if image_size < 8 or image_size & (image_size - 1):
        raise ValueError(f'image_size={image_size} must be a power of 2, at least 8.')
    sides = [2**exponent for exponent in range(2, image_size.bit_length())]
    if channels is not None:
        if len(channels) != len(sides) or min(channels) < 1:
            raise ValueError(
                f'channels={tuple(channels)} must list {len(sides)} positive widths, of the sides {sides} '
                f'(image_size={image_size}).'
            )
        return dict(zip(sides, channels, strict=True))
    widths = {side: min(base_channels * 2 // side, max_channels) for side in sides}
    if widths[image_size] < 1:
        raise ValueError(
            f'base_channels={base_channels} and max_channels={max_channels} leave no channels at the side '
            f'{image_size}: base_channels must be at least image_size / 2 = {image_size // 2}, max_channels at least 1.'
        )
    return widths


def check_stage(
    network: nn.Module, stage: int | None, alpha: float, injected: Mapping[int, Tensor] | None = None
) -> int:
    """Returns the side at which ``network`` works: ``stage``, or its image_size for ``None``.

    Raises:
        ValueError: ``stage`` is no side of the network, ``alpha`` is not in [0, 1], or something is injected above the
            stage.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f'alpha={alpha} must be in [0, 1]: the weight of the newest block while it fades in.')
    if stage is None:
        return network.image_size
    name = type(network).__name__
    if stage < 4 or stage > network.image_size or stage & (stage - 1):
        raise ValueError(
            f'stage={stage} is no side of this {name} (image_size={network.image_size}): '
            f'use a power of 2 from 4 to {network.image_size}.'
        )
    if injected and max(injected) > stage:
        raise ValueError(
            f'{name}: injected names the resolution {max(injected)}, which is not reached at stage={stage}.'
        )
    return stage


def check_stage_images(network: nn.Module, images: Tensor, stage: int) -> None:
    """Raises a ``ValueError`` unless ``images`` are floats (N, in_channels, ``stage``, ``stage``)."""
    expected = (network.in_channels, stage, stage)
    if images.ndim != 4 or tuple(images.shape[1:]) != expected or not images.is_floating_point():
        raise ValueError(
            f'{type(network).__name__} was built with in_channels={network.in_channels} and '
            f'image_size={network.image_size} and takes float images of the shape '
            f'(N, {", ".join(map(str, expected))}) at stage={stage}, got {images.dtype} of the shape '
            f'{tuple(images.shape)}.'
        )


def fade(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    """Returns ``old + alpha * (new - old)``: the newest block is faded in as ``alpha`` goes from 0 to 1."""
    return torch.lerp(old, new, alpha)
