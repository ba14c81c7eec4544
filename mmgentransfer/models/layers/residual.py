"""Pre-activation residual blocks of the WGAN-GP networks (thesis section 2.3.3)."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from .norms import ConditionalBatchNorm


def apply_norm(norm: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    """Applies ``norm`` to ``x``; only a conditional norm is given the ``labels``."""
    return norm(x, labels) if isinstance(norm, ConditionalBatchNorm) else norm(x)


class UpResBlock(nn.Module):
    """Residual block that doubles the side of its input.

    Main path: norm, ReLU, nearest up-sampling, 3x3 convolution without bias, norm, ReLU, 3x3 convolution. Shortcut: 1x1
    convolution, nearest up-sampling; the two commute, and this order has a quarter of the work.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output.
        norm: Makes a norm layer from a number of channels.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.norm1 = norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Maps (N, i, s, s) to (N, o, 2s, 2s); conditional norms need ``labels`` (N,) int64."""
        h = F.relu(apply_norm(self.norm1, x, labels))
        h = self.conv1(F.interpolate(h, scale_factor=2, mode='nearest'))
        h = self.conv2(F.relu(apply_norm(self.norm2, h, labels)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2, mode='nearest')


class DownResBlock(nn.Module):
    """Residual block that halves the side of its input.

    Main path: norm, ReLU, 3x3 convolution without bias that keeps the width, norm, ReLU, 3x3 convolution, 2x2 mean
    pooling. Shortcut: 2x2 mean pooling, 1x1 convolution.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output.
        norm: Makes a norm layer from a number of channels; ``None`` for a block without norms.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Callable[[int], nn.Module] | None) -> None:
        super().__init__()
        self.norm1 = norm(in_channels) if norm else nn.Identity()
        self.conv1 = nn.Conv2d(in_channels, in_channels, 3, padding=1, bias=False)
        self.norm2 = norm(in_channels) if norm else nn.Identity()
        self.conv2 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, i, s, s) to (N, o, s/2, s/2)."""
        # Not in place: without a norm the ReLU would overwrite the shortcut's input.
        h = self.conv1(F.relu(self.norm1(x)))
        h = self.conv2(F.relu(self.norm2(h)))
        return F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))
