"""Blocks of StyleGAN's synthesis network."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .equalised import Blur, EqualizedConv2d, EqualizedLinear

__all__ = ['SLOPE', 'StyledInputBlock', 'StyledLayer', 'StyledUpBlock']

SLOPE = 0.2


class StyledLayer(nn.Module):
    """What follows a convolution: noise, LeakyReLU, and an instance norm whose scale and offset come from the style."""

    def __init__(self, channels: int, style_size: int) -> None:
        super().__init__()
        self.noise_scale = math.sqrt(2.0 / channels)  # the noise weights have an equalised learning rate, too
        self.noise_weight = nn.Parameter(torch.zeros(channels))
        self.style = EqualizedLinear(style_size, 2 * channels)
        self.reset_style()

    @torch.no_grad()
    def reset_style(self) -> None:
        """Sets the weights of the noise to 0, and the bias of the style to a scale of 1 and an offset of 0."""
        self.noise_weight.zero_()
        scale, offset = self.style.bias.chunk(2)
        scale.fill_(1.0)
        offset.zero_()

    def forward(self, x: Tensor, style: Tensor, noise_map: Tensor | None) -> Tensor:
        if noise_map is not None:
            weight = (self.noise_weight * self.noise_scale)[:, None, None]
            x = torch.addcmul(x, weight.to(x.dtype), noise_map.to(x.dtype))
        x = F.instance_norm(F.leaky_relu(x, SLOPE), eps=1e-5)
        scale, offset = self.style(style)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(offset.to(x.dtype), x, scale.to(x.dtype))


class StyledInputBlock(nn.Module):
    """The learned 4x4 maps, a styled layer, a 3x3 convolution and a styled layer."""

    def __init__(self, channels: int, style_size: int) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.empty(1, channels, 4, 4))
        self.layer1 = StyledLayer(channels, style_size)
        self.conv2 = EqualizedConv2d(channels, channels)
        self.layer2 = StyledLayer(channels, style_size)
        nn.init.normal_(self.constant)

    def forward(self, style: Tensor, noise_map: Tensor | None) -> Tensor:
        x = self.layer1(self.constant.expand(style.shape[0], -1, -1, -1), style, noise_map)
        return self.layer2(self.conv2(x), style, noise_map)


class StyledUpBlock(nn.Module):
    """Nearest up-sampling, 3x3 convolution and blur, a styled layer, a 3x3 convolution and a styled layer."""

    def __init__(self, in_channels: int, out_channels: int, style_size: int, gain: float) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(in_channels, out_channels, gain=gain, resample='up')
        self.blur = Blur()
        self.layer1 = StyledLayer(out_channels, style_size)
        self.conv2 = EqualizedConv2d(out_channels, out_channels)
        self.layer2 = StyledLayer(out_channels, style_size)

    def forward(self, x: Tensor, style: Tensor, noise_map: Tensor | None) -> Tensor:
        x = self.layer1(self.blur(self.conv1(x)), style, noise_map)
        return self.layer2(self.conv2(x), style, noise_map)
