"""Weight initialisers of the networks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmgentransfer.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module()
class WGANGPUniform:
    r"""Uniform initialisation of the WGAN-GP networks.

    Every weight is drawn from :math:`U(-\sqrt3 \sigma, \sqrt3 \sigma)`; biases become 0, norms scale 1 and offset 0,
    running statistics 0 and 1. With fan_in = in*k*k and fan_out = out*k*k,

    - linear layers and 1x1 convolutions have the Glorot :math:`\sigma^2 = 2 / (fan_{in} + fan_{out})`;
    - larger convolutions, which are followed or preceded by a ReLU, have twice this variance.

    A stride s divides the fan_out of a convolution, and the fan_in of a transposed one, by s*s.

    Args:
        glorot: Names of larger convolutions, relative to the initialised module, that have the Glorot variance too.
    """

    def __init__(self, glorot: Sequence[str] = ()) -> None:
        self.glorot = tuple(glorot)

    def __call__(self, module: nn.Module) -> None:
        """Initialises all convolutions, linear layers and norms in ``module``, in place.

        Raises:
            ValueError: A name in ``glorot`` is no convolution of ``module``.
        """
        layers = dict(module.named_modules())
        for name in self.glorot:
            if not isinstance(layers.get(name), (nn.Conv2d, nn.ConvTranspose2d)):
                raise ValueError(
                    f'WGANGPUniform: glorot names {name!r}, which is no convolution of {type(module).__name__}; '
                    f'it has {[n for n, m in layers.items() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]}.'
                )
        for name, layer in layers.items():
            if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                bound = math.sqrt(3.0) * self._std(layer, glorot=name in self.glorot)
                nn.init.uniform_(layer.weight, -bound, bound)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, (_BatchNorm, nn.GroupNorm)):
                layer.reset_parameters()

    @staticmethod
    def _std(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, glorot: bool) -> float:
        if isinstance(layer, nn.Linear):
            return math.sqrt(2.0 / (layer.in_features + layer.out_features))
        area = math.prod(layer.kernel_size)
        fan_in, fan_out = layer.in_channels * area, layer.out_channels * area
        if isinstance(layer, nn.ConvTranspose2d):
            fan_in /= math.prod(layer.stride)
        else:
            fan_out /= math.prod(layer.stride)
        gain = 2.0 if glorot or area == 1 else 4.0
        return math.sqrt(gain / (fan_in + fan_out))
