"""Checks of what a network is given, with errors that say what it was built for."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def check_noise(network: nn.Module, z: Tensor) -> None:
    """Raises a ``ValueError`` unless ``z`` has the shape (N, ``network.noise_size``)."""
    if z.ndim != 2 or z.shape[1] != network.noise_size:
        raise ValueError(
            f'{type(network).__name__} was built with noise_size={network.noise_size} and takes z of the shape '
            f'(N, {network.noise_size}), got {tuple(z.shape)}.'
        )


def check_images(network: nn.Module, images: Tensor) -> None:
    """Raises a ``ValueError`` unless ``images`` are floats (N, C, S, S) of ``network``'s in_channels and image_size."""
    expected = (network.in_channels, network.image_size, network.image_size)
    if images.ndim != 4 or tuple(images.shape[1:]) != expected or not images.is_floating_point():
        raise ValueError(
            f'{type(network).__name__} was built with in_channels={network.in_channels} and '
            f'image_size={network.image_size} and takes float images of the shape '
            f'(N, {", ".join(map(str, expected))}), got {images.dtype} of the shape {tuple(images.shape)}.'
        )


def check_labels(network: nn.Module, labels: Tensor | None, batch_size: int, required: bool = True) -> None:
    """Checks that labels are given exactly to a conditional network, one integer for each sample.

    The values are not read, which would synchronise the device.

    Args:
        network: Has the attribute ``num_classes``, 0 if it is unconditional.
        labels: Classes (N,) int64, or ``None``.
        batch_size: N.
        required: Whether a conditional network must have labels.

    Raises:
        ValueError: Labels are missing, not wanted, or of the wrong shape or type.
    """
    name, num_classes = type(network).__name__, network.num_classes
    if labels is None:
        if num_classes and required:
            raise ValueError(
                f'{name} was built with num_classes={num_classes} and needs labels of the shape ({batch_size},), '
                f'got None. Pass labels, or build it with num_classes=0.'
            )
        return
    if not num_classes:
        raise ValueError(
            f'{name} was built with num_classes=0 (unconditional), but was given labels. '
            f'Pass none, or build it with num_classes > 0.'
        )
    if labels.shape != (batch_size,) or labels.dtype != torch.int64:
        raise ValueError(
            f'{name} (num_classes={num_classes}) takes int64 labels of the shape ({batch_size},), '
            f'got {labels.dtype} of the shape {tuple(labels.shape)}.'
        )


def one_hot(labels: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """Returns the one-hot rows (N, ``num_classes``) of ``labels`` (N,) int64, without a device synchronisation."""
    rows = torch.zeros(labels.shape[0], num_classes, dtype=dtype, device=labels.device)
    return rows.scatter_(1, labels[:, None], 1.0)
