"""Critics of images that score patches (thesis tables A.6 and A.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import DrawnModule, build_norm, check_kernel, check_maps
from mmgentransfer.registry import MODELS

__all__ = ['PatchDiscriminator', 'RGBDiscriminator']

_BN = {'type': 'BN'}
_TRUNC_NORMAL = {'type': 'trunc_normal', 'std': 0.02}
_NORMAL = {'type': 'normal', 'std': 0.02}


@MODELS.register_module()
class RGBDiscriminator(DrawnModule):
    """Critic of colour images: convolutions of stride 2 with leaky ReLUs of slope 0.2 (table A.6).

    The first and the last convolution have no norm. Every value of the last one's maps is a score.

    Args:
        in_channels: Channels of the images.
        channels: Width of each convolution.
        kernel: Their side, an odd number.
        last_stride: Stride of the last one, 1 or 2.
        norm_cfg: Config of the norms; None for none.
        head: ``'conv1x1'`` appends a 1x1 convolution to one map of scores; None scores with all channels.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: There are fewer than two ``channels``, or an option is unknown.
    """

    input_multiple = 1

    def __init__(
        self,
        in_channels: int = 3,
        channels: Sequence[int] = (64, 128, 256, 512),
        kernel: int = 5,
        last_stride: Literal[1, 2] = 2,
        norm_cfg: Mapping[str, Any] | None = _BN,
        head: Literal['conv1x1'] | None = None,
        init: Mapping[str, Any] = _TRUNC_NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if len(channels) < 2:
            raise ValueError(f'RGBDiscriminator.channels={tuple(channels)} must be two widths or more.')
        check_kernel(self, 'kernel', kernel)
        if last_stride not in (1, 2):
            raise ValueError(f'RGBDiscriminator.last_stride={last_stride} must be 1 or 2.')
        if head not in (None, 'conv1x1'):
            raise ValueError(f"RGBDiscriminator.head={head!r} is unknown: use 'conv1x1' or None.")
        self.in_channels = in_channels
        self.channels = tuple(channels)
        self.last_stride = last_stride
        self.head = head
        layers: list[nn.Module] = []
        for index, (i, o) in enumerate(pairwise([in_channels, *channels])):
            is_last = index == len(channels) - 1
            layers.append(nn.Conv2d(i, o, kernel, stride=last_stride if is_last else 2, padding=kernel // 2))
            if not is_last:
                norm = build_norm(norm_cfg, o) if index else None
                layers += [*([] if norm is None else [norm]), nn.LeakyReLU(0.2, inplace=True)]
        if head is not None:
            layers.append(nn.Conv2d(channels[-1], 1, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Scores images (N, C, H, W) in [-1, 1]: (N, channels[-1], h, w), or (N, 1, h, w) with a head.

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        return self.layers(images)


@MODELS.register_module()
class PatchDiscriminator(DrawnModule):
    """Critic of patches: 4x4 convolutions of stride 2 with leaky ReLUs of slope 0.2, then a 1x1 one (table A.9).

    Args:
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; each following one has twice as many.
        num_downs: Number of convolutions of stride 2.
        norm_cfg: Config of the norms behind all of these but the first; None for none.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Attributes:
        input_multiple: 2^num_downs, of which the images' sides must be multiples.

    Raises:
        ValueError: ``num_downs`` is less than 1.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_downs: int = 4,
        norm_cfg: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if num_downs < 1:
            raise ValueError(f'PatchDiscriminator.num_downs={num_downs} must be at least 1.')
        self.in_channels = in_channels
        self.input_multiple = 2**num_downs
        layers: list[nn.Module] = []
        widths = [in_channels, *(base_channels * 2**i for i in range(num_downs))]
        for index, (i, o) in enumerate(pairwise(widths)):
            norm = build_norm(norm_cfg, o) if index else None
            layers += [nn.Conv2d(i, o, 4, stride=2, padding=1), *([] if norm is None else [norm])]
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Scores images (N, C, H, W): (N, 1, H / 2^num_downs, W / 2^num_downs).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_maps(self, images)
        return self.layers(images)
