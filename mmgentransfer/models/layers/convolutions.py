"""What convolutional networks of any input size share: norms by config, weight drawing, checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm

from mmgentransfer.models.layers.spectral import raw_weight
from mmgentransfer.registry import MODELS

__all__ = ['DrawnModule', 'build_norm', 'check_kernel', 'check_maps', 'conv_norm_relu', 'draw_convolutions']

_INIT_KEYS = {'trunc_normal': {'std'}, 'normal': {'std'}, 'xavier': {'gain'}, 'kaiming': set(), 'uniform': set()}


class DrawnModule(BaseModule):
    """Base of networks whose convolutions are drawn as ``init`` says.

    Args:
        init: See :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied after it.

    Raises:
        ValueError: ``init`` is unknown.
    """

    def __init__(self, init: Mapping[str, Any], init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None) -> None:
        super().__init__(init_cfg)
        kind = init.get('type')
        if kind not in _INIT_KEYS or set(init) - {'type'} != _INIT_KEYS[kind]:
            raise ValueError(
                f"{type(self).__name__}.init={dict(init)} is unknown: use dict(type='trunc_normal', std=NUMBER), "
                f"dict(type='normal', std=NUMBER), dict(type='xavier', gain=NUMBER), dict(type='kaiming') or "
                f"dict(type='uniform')."
            )
        self.init = dict(init)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            self.draw_weights()
        super().init_weights()

    def draw_weights(self) -> None:
        """Draws all weights."""
        draw_convolutions(self, self.init)


def build_norm(norm_cfg: Mapping[str, Any] | None, channels: int) -> nn.Module | None:
    """Builds a norm layer for maps of ``channels`` channels; an instance norm is affine unless told otherwise.

    Args:
        norm_cfg: Its config, e.g. ``dict(type='BN')``, ``'IN'``, ``'SyncBN'``, ``'GN'`` or a registered norm of one's
            own; None for no norm.
        channels: Number of channels.

    Raises:
        UnknownTypeError: The type is not registered.
    """
    if norm_cfg is None:
        return None
    import mmcv.cnn  # noqa: F401 - registers the usual norms by their short names

    options = dict(norm_cfg)
    kind = MODELS.get(options.pop('type'))
    if issubclass(kind, _InstanceNorm):
        options.setdefault('affine', True)
    return kind(num_channels=channels, **options) if kind is nn.GroupNorm else kind(channels, **options)


def conv_norm_relu(convolution: nn.Module, norm_cfg: Mapping[str, Any] | None) -> list[nn.Module]:
    """Returns a convolution, the norm of its output channels if there is one, and a ReLU."""
    norm = build_norm(norm_cfg, convolution.out_channels)
    return [convolution, *([] if norm is None else [norm]), nn.ReLU(inplace=True)]


def draw_convolutions(module: nn.Module, init: Mapping[str, Any], linear: bool = False) -> None:
    """Draws the weights of all convolutions of ``module``; biases become 0, norms scale 1 and offset 0.

    Args:
        module: The network.
        init: ``dict(type='trunc_normal', std=0.02)``, cut at two standard deviations; ``dict(type='normal',
            std=0.02)``; ``dict(type='xavier', gain=0.02)``, normal with the variance 2 gain^2 / (fan_in + fan_out);
            ``dict(type='kaiming')``, normal with the variance 2 / fan_in; or ``dict(type='uniform')``, PyTorch's own,
            uniform within 1 / sqrt(fan_in), biases as well.
        linear: Whether linear layers are drawn alike.
    """
    draw: Callable[[Tensor], Any]
    if init['type'] == 'kaiming':
        draw = partial(nn.init.kaiming_normal_, nonlinearity='relu')
    elif init['type'] == 'uniform':
        draw = partial(nn.init.kaiming_uniform_, a=math.sqrt(5))
    elif init['type'] == 'normal':
        draw = partial(nn.init.normal_, std=init['std'])
    elif init['type'] == 'xavier':
        draw = partial(nn.init.xavier_normal_, gain=init['gain'])
    else:
        std = init['std']
        draw = partial(nn.init.trunc_normal_, std=std, a=-2 * std, b=2 * std)
    kinds = (nn.Conv2d, nn.ConvTranspose2d, *([nn.Linear] if linear else []))
    for layer in module.modules():
        if isinstance(layer, kinds):
            weight = raw_weight(layer)
            draw(weight)
            if layer.bias is not None and init['type'] == 'uniform':
                bound = 1 / math.sqrt(weight[0].numel())
                nn.init.uniform_(layer.bias, -bound, bound)
            elif layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif hasattr(layer, 'reset_running_stats') or isinstance(layer, nn.GroupNorm):
            layer.reset_parameters()


def check_maps(network: nn.Module, maps: Tensor) -> None:
    """Checks that maps have the channels and the sides that a network takes.

    Args:
        network: Has the attributes ``in_channels`` and ``input_multiple``.
        maps: What it is given.

    Raises:
        ValueError: They are not float maps (N, ``in_channels``, H, W), or a side is no multiple of ``input_multiple``.
    """
    if maps.ndim != 4 or maps.shape[1] != network.in_channels or not maps.is_floating_point():
        raise ValueError(
            f'{type(network).__name__} was built with in_channels={network.in_channels} and takes floats of the shape '
            f'(N, {network.in_channels}, H, W), got {maps.dtype} of the shape {tuple(maps.shape)}.'
        )
    height, width = maps.shape[-2:]
    if min(height, width) < 1 or height % network.input_multiple or width % network.input_multiple:
        raise ValueError(
            f'{type(network).__name__} takes sides that are multiples of {network.input_multiple}, '
            f'got {height}x{width}: crop, pad or resize the input.'
        )


def check_kernel(network: nn.Module, key: str, kernel: int) -> None:
    """Raises a ``ValueError`` unless ``kernel``, the value of a network's option ``key``, is odd."""
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f'{type(network).__name__}.{key}={kernel} must be an odd number.')
