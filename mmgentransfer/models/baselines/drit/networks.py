"""DRIT's encoders and content discriminator, at any width, with the layouts of the original code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import DrawnModule, check_kernel, check_maps
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = [
    'DRITAttributeEncoder',
    'DRITContentDiscriminator',
    'DRITContentEncoder',
    'DRITNetwork',
    'InstanceResBlock',
    'reflection_conv',
]

_NORMAL = {'type': 'normal', 'std': 0.02}
InitCfg = dict[str, Any] | list[dict[str, Any]] | None


class DRITNetwork(DrawnModule):
    """Base of the networks: convolutions' weights are drawn as ``init`` says, all biases and linear layers by torch."""

    def draw_weights(self) -> None:
        """Draws the weights of all convolutions."""
        layers = [m for m in self.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)) and m.bias is not None]
        biases = [layer.bias.detach().clone() for layer in layers]
        super().draw_weights()
        with torch.no_grad():
            for layer, bias in zip(layers, biases, strict=True):
                layer.bias.copy_(bias)


def reflection_conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Returns a convolution of an odd kernel, padded by reflection to keep the side, or to divide it by the stride."""
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, padding_mode='reflect')


class InstanceResBlock(nn.Module):
    """x + [3x3 convolution, instance norm, ReLU, 3x3 convolution, instance norm](x)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = [reflection_conv(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, reflection_conv(channels, channels, 3), nn.InstanceNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


@MODELS.register_module()
class DRITContentEncoder(DRITNetwork):
    """What an image shows: layers of each domain's own, then a residual block that both share, and noise.

    The noise, of N(0, ``noise``^2), is added in training mode only. With the defaults it has 9,018,112 parameters.

    Args:
        in_channels: Channels of the images.
        base_channels: Width at full side; it doubles with every halving.
        num_downs: Number of halvings.
        num_blocks: Number of residual blocks of each domain.
        noise: Standard deviation of the noise.
        init: How convolutions' weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        out_channels: Channels of the content.
        input_multiple: 2^num_downs, of which the input's sides must be multiples.

    Raises:
        ValueError: ``num_downs`` is less than 1, or ``noise`` is negative.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 2,
        num_blocks: int = 3,
        noise: float = 1.0,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 1 or noise < 0:
            raise ValueError(f'DRITContentEncoder: num_downs={num_downs} must be at least 1, noise={noise} at least 0.')
        self.in_channels = in_channels
        self.input_multiple = 2**num_downs
        self.out_channels = base_channels * 2**num_downs
        self.noise = noise
        self.branches = nn.ModuleList()
        for _ in range(2):
            layers: list[nn.Module] = [reflection_conv(in_channels, base_channels, 7), nn.LeakyReLU(inplace=True)]
            for i, o in pairwise(base_channels * 2**level for level in range(num_downs + 1)):
                layers += [reflection_conv(i, o, 3, stride=2), nn.InstanceNorm2d(o), nn.ReLU(inplace=True)]
            blocks = [InstanceResBlock(self.out_channels) for _ in range(num_blocks)]
            self.branches.append(nn.Sequential(*layers, *blocks))
        self.shared = InstanceResBlock(self.out_channels)

    def forward(self, images: Tensor, domain: int, random: StepRandom | None = None) -> Tensor:
        """Returns the contents (N, out_channels, H / input_multiple, W / input_multiple) of images (N, C, H, W).

        Args:
            images: Images of one domain.
            domain: Which, 0 or 1.
            random: Where the noise comes from; None draws it anywhere.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        content = self.shared(self.branches[domain](images))
        if self.training and self.noise:
            noise = torch.randn_like(content) if random is None else random.normal(*content.shape).to(content.dtype)
            content = content + self.noise * noise
        return content


class _PreActivationBlock(nn.Module):
    """Halves the side: leaky ReLU and 3x3 convolution, twice, and a mean pooling, beside a pooled shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = reflection_conv(in_channels, in_channels, 3)
        self.conv2 = reflection_conv(in_channels, out_channels, 3)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(F.leaky_relu(self.conv1(F.leaky_relu(x, 0.2)), 0.2))
        return F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))


@MODELS.register_module()
class DRITAttributeEncoder(DRITNetwork):
    """What an image has beside its content, as a code; each domain has an encoder of its own, without norms.

    In its form for :class:`DRITGeneratorConcat` it gives a Gaussian: a 4x4 convolution of stride 2, pre-activation
    residual blocks of 1, 2, 3 and then 4 times the width, a global mean and a linear layer for each of mean and log
    variance. In the other it gives the code itself: a 7x7 convolution, 4x4 convolutions of stride 2, a global mean and
    a 1x1 convolution. With the defaults it has 2,688,160 parameters, and 5,529,872 without ``gaussian``.

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution.
        code_size: Length Z of the code.
        num_downs: Number of halvings, the first convolution's of a Gaussian form among them.
        gaussian: Whether the encoder gives a Gaussian.
        init: How convolutions' weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``num_downs`` is less than 1.
    """

    input_multiple = 1

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        code_size: int = 8,
        num_downs: int = 4,
        gaussian: bool = True,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 1:
            raise ValueError(f'DRITAttributeEncoder.num_downs={num_downs} must be at least 1.')
        self.in_channels = in_channels
        self.smallest_side = 2**num_downs
        self.code_size = code_size
        self.gaussian = gaussian
        if gaussian:
            widths = [base_channels * min(level, 4) for level in range(1, num_downs + 1)]
        else:
            widths = [base_channels * min(2**level, 4) for level in range(num_downs + 1)]
        self.branches, self.means, self.log_variances = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for _ in range(2):
            self.branches.append(self._branch(widths))
            if gaussian:
                self.means.append(nn.Linear(widths[-1], code_size))
                self.log_variances.append(nn.Linear(widths[-1], code_size))
            else:
                self.means.append(
                    nn.Sequential(
                        nn.Unflatten(1, (widths[-1], 1, 1)), nn.Conv2d(widths[-1], code_size, 1), nn.Flatten()
                    )
                )

    def _branch(self, widths: Sequence[int]) -> nn.Sequential:
        if self.gaussian:
            first = nn.Conv2d(self.in_channels, widths[0], 4, stride=2, padding=1, padding_mode='reflect')
            blocks: list[nn.Module] = [_PreActivationBlock(i, o) for i, o in pairwise(widths)]
            layers = [first, *blocks, nn.LeakyReLU(0.2, inplace=True)]
        else:
            layers = [reflection_conv(self.in_channels, widths[0], 7), nn.ReLU(inplace=True)]
            for i, o in pairwise(widths):
                conv = nn.Conv2d(i, o, 4, stride=2, padding=1, padding_mode='reflect')
                layers += [conv, nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images: Tensor, domain: int) -> tuple[Tensor, Tensor | None]:
        """Returns the mean (N, Z) and the log variance (N, Z), None without ``gaussian``, of images (N, C, H, W).

        Args:
            images: Images of one domain.
            domain: Which, 0 or 1.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        if min(images.shape[-2:]) < self.smallest_side:
            raise ValueError(
                f'DRITAttributeEncoder halves the sides {self.smallest_side.bit_length() - 1} times (num_downs), got '
                f'images {tuple(images.shape)}.'
            )
        features = self.branches[domain](images)
        return self.means[domain](features), self.log_variances[domain](features) if self.gaussian else None


@MODELS.register_module()
class DRITContentDiscriminator(DRITNetwork):
    """Tells of which of the two domains a content is.

    Convolutions of stride 2 with leaky ReLUs, one without padding, and a 1x1 convolution to the logits. The original
    layout, with a last kernel of 4, is for the contents of images of 216 pixels, and fails at 128, where 1x1 maps are
    left; ``final_kernel='auto'`` takes one that fits. With the defaults it has 10,683,649 parameters.

    Args:
        content_size: Side of the contents.
        in_channels: Channels of the contents, and width of all layers.
        kernel: Of the convolutions of stride 2, an odd number.
        num_downs: Number of convolutions of stride 2.
        final_kernel: Of the convolution without padding; ``'auto'``: 4, or the side of its input if that is less.
        init: How convolutions' weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``kernel`` is even, or the contents are too small for the layers.
    """

    input_multiple = 1

    def __init__(
        self,
        content_size: int = 54,
        in_channels: int = 256,
        kernel: int = 7,
        num_downs: int = 3,
        final_kernel: int | Literal['auto'] = 'auto',
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        check_kernel(self, 'kernel', kernel)
        self.content_size = content_size
        self.in_channels = in_channels
        side, layers = content_size, []
        for _ in range(num_downs):
            if side < max(2, kernel - 2):
                raise ValueError(
                    f'DRITContentDiscriminator.content_size={content_size} is too small for num_downs={num_downs} '
                    f'convolutions with kernel={kernel}, one of which would see {side}x{side}: take fewer or smaller.'
                )
            side = (side + 2 - kernel) // 2 + 1
            layers += [
                nn.Conv2d(in_channels, in_channels, kernel, stride=2, padding=1, padding_mode='reflect'),
                nn.LeakyReLU(inplace=True),
            ]
        last = min(4, side) if final_kernel == 'auto' else final_kernel
        if not isinstance(last, int) or not 1 <= last <= side:
            raise ValueError(
                f"DRITContentDiscriminator.final_kernel={final_kernel!r} must be 'auto' or a number in 1..{side}, the "
                f'side of its input for content_size={content_size}.'
            )
        layers += [nn.Conv2d(in_channels, in_channels, last), nn.LeakyReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(in_channels, 1, 1), nn.Flatten())

    def forward(self, contents: Tensor) -> Tensor:
        """Returns logits (N, L) of the second domain for contents (N, C, S, S); L is 1 where the last map is 1x1.

        Raises:
            ValueError: ``contents`` have another shape.
        """
        check_maps(self, contents)
        if contents.shape[-2:] != (self.content_size, self.content_size):
            raise ValueError(
                f'DRITContentDiscriminator was built with content_size={self.content_size}, got contents '
                f'{tuple(contents.shape)}.'
            )
        return self.layers(contents)
