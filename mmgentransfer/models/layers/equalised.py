"""Layers of progressively grown networks: equalised learning rate, blur, minibatch standard deviation."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ['SQRT2', 'Blur', 'EqualizedConv2d', 'EqualizedLinear', 'MinibatchStdDev', 'reset_equalized']

SQRT2 = math.sqrt(2.0)


class EqualizedLinear(nn.Module):
    r"""Linear layer with an equalised learning rate: the weights are N(0, 1) and scaled in every pass.

    The scale is :math:`gain / \sqrt{fan_{in}}`. Adam's steps, which do not depend on a gradient's size, are then alike
    in all layers.

    Args:
        in_features: Features i of the input.
        out_features: Features o of the output.
        gain: Factor of the scale; sqrt(2) for a layer before a ReLU.
        bias: Whether there is an additive bias, 0 at the start.

    Shapes: (N, i) to (N, o).
    """

    def __init__(self, in_features: int, out_features: int, gain: float = SQRT2, bias: bool = True) -> None:
        super().__init__()
        self.gain = gain
        self.scale = gain / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the weights from N(0, 1) and sets the bias to 0."""
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)

    def extra_repr(self) -> str:
        out_features, in_features = self.weight.shape
        return f'{in_features}, {out_features}, gain={self.gain:.4g}, bias={self.bias is not None}'


class EqualizedConv2d(nn.Module):
    r"""Convolution with an equalised learning rate (see :class:`EqualizedLinear`), alone or with a change of the side.

    ``resample='up'`` is nearest up-sampling by 2 and then the convolution, ``'down'`` the convolution and then 2x2 mean
    pooling. Both are done as one convolution of stride 2 with a 4x4 kernel, the sum or the mean of the 3x3 kernel at
    its four offsets: the same function with 4/9 of the products.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output.
        kernel_size: Side of the kernel; 3 for a layer that resamples.
        padding: Zeros around the input; ``None`` for as many as keep the side.
        gain: Factor of the scale; sqrt(2) for a layer before a ReLU.
        resample: ``'up'``, ``'down'`` or ``None``.

    Raises:
        ValueError: ``resample`` is unknown, or goes with another kernel or padding than that of a 3x3 layer.

    Shapes: (N, i, s, s) to (N, o, s, s), (N, o, 2s, 2s) or (N, o, s/2, s/2).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        padding: int | None = None,
        gain: float = SQRT2,
        resample: Literal['up', 'down'] | None = None,
    ) -> None:
        super().__init__()
        if resample not in (None, 'up', 'down'):
            raise ValueError(f"resample={resample!r} is unknown: use 'up', 'down' or None.")
        if resample and (kernel_size != 3 or padding not in (None, 1)):
            raise ValueError(
                f'resample={resample!r} needs kernel_size=3 and padding=1, got {kernel_size} and {padding}.'
            )
        self.padding = kernel_size // 2 if padding is None else padding
        self.gain = gain
        self.scale = gain / math.sqrt(in_channels * kernel_size**2)
        self.resample = resample
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the weights from N(0, 1) and sets the bias to 0."""
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.resample is None:
            return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)
        if self.resample == 'up':
            kernel = _four_offsets(self.weight * self.scale).flip(2, 3).transpose(0, 1)
            return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)
        return F.conv2d(x, _four_offsets(self.weight * (self.scale / 4)), self.bias, stride=2, padding=1)

    def extra_repr(self) -> str:
        out_channels, in_channels, side, _ = self.weight.shape
        return (
            f'{in_channels}, {out_channels}, kernel_size={side}, padding={self.padding}, gain={self.gain:.4g}, '
            f'resample={self.resample!r}'
        )


def reset_equalized(network: nn.Module) -> None:
    """Draws the weights of all equalised layers of ``network`` anew, and sets their biases to 0."""
    for layer in network.modules():
        if isinstance(layer, (EqualizedLinear, EqualizedConv2d)):
            layer.reset_parameters()


def _four_offsets(kernel: Tensor) -> Tensor:
    """Returns the sum (o, i, 4, 4) of kernels (o, i, 3, 3) at the four corners of a 4x4 frame."""
    padded = F.pad(kernel, (1, 1, 1, 1))
    rows = padded[:, :, 1:] + padded[:, :, :-1]
    return rows[..., 1:] + rows[..., :-1]


class Blur(nn.Module):
    """Depthwise convolution with the binomial kernel (1, 2, 1) x (1, 2, 1) / 16, zeros around the input.

    Shapes: (N, c, s, s) to the same.
    """

    def __init__(self) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer('kernel', (taps[:, None] * taps / 16)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        return F.conv2d(x, self.kernel.to(x.dtype).expand(channels, 1, 3, 3), padding=1, groups=channels)


class MinibatchStdDev(nn.Module):
    """Appends one map with the mean standard deviation of the features over a group of samples.

    The sample n of N is in a group with n + N/g, n + 2N/g, ...: samples that come in one after another are in
    different groups.

    Args:
        group_size: Samples g in a group, fewer if the batch is smaller; ``None`` for the whole batch.
        eps: Added to the variance.

    Shapes: (N, c, s, s) to (N, c + 1, s, s).
    """

    def __init__(self, group_size: int | None = 4, eps: float = 1e-8) -> None:
        super().__init__()
        if group_size is not None and group_size < 1:
            raise ValueError(f'group_size={group_size} must be at least 1, or None for the whole batch.')
        self.group_size = group_size
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Returns ``x`` with the extra map.

        Raises:
            ValueError: The batch is larger than the group and no multiple of it.
        """
        batch, channels, height, width = x.shape
        group = batch if self.group_size is None else min(batch, self.group_size)
        if batch % group:
            raise ValueError(
                f'a batch of {batch} images cannot be split into groups of group_size={group} for the minibatch '
                f'standard deviation: use a multiple of {group}, or at most {group} images.'
            )
        precise = x.to(torch.promote_types(x.dtype, torch.float32))  # eps is 0 in half precision
        grouped = precise.reshape(group, batch // group, channels, height, width)
        deviation = (grouped.var(dim=0, unbiased=False) + self.eps).sqrt().mean(dim=(1, 2, 3))
        extra = deviation.to(x.dtype).repeat(group)[:, None, None, None].expand(-1, 1, height, width)
        return torch.cat([x, extra], dim=1)

    def extra_repr(self) -> str:
        return f'group_size={self.group_size}, eps={self.eps}'
