"""The distance of images in the features of a trained network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32

_WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
_MEAN = (0.48235, 0.45882, 0.40784)  # with 0-255 pixels: what these weights were trained with


@MODELS.register_module()
class VGG16Features(nn.Module):
    """The features of VGG-16 after each of its first ten convolutions and ReLUs, conv1_1 to conv4_3.

    The weights are read when it is built. They are never downloaded.

    Args:
        weights: File of the weights, those of torchvision's ``VGG16_Weights.IMAGENET1K_FEATURES`` (trained on pixels of
            0 to 255 less their mean); by default the file of the published name in the ``checkpoints`` folder of
            ``torch.hub.get_dir()``, where torchvision itself keeps it.

    Raises:
        FileNotFoundError: The weights are missing.
        ValueError: The file does not hold VGG-16's convolutions.
    """

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        path = _cached_file() if weights is None else Path(weights).expanduser()
        if not path.is_file():
            raise FileNotFoundError(
                f"{path.name} is not in {path.parent}: put the weights of torchvision's "
                'VGG16_Weights.IMAGENET1K_FEATURES there, or set VGG16Features.weights to where they are, or do '
                "without: loss_weight=0 of model.losses' PerceptualLoss"
            )
        state = torch.load(path, map_location='cpu', weights_only=True)
        self.convs = nn.ModuleList()
        self.register_buffer('mean', torch.tensor(_MEAN)[:, None, None])
        channels, position = 3, 0
        for block in _WIDTHS:
            for width in block:
                self.convs.append(_conv(state, f'features.{position}', channels, width, path))
                channels, position = width, position + 2  # a ReLU follows every convolution
            position += 1  # and a pooling every block
        self._pooled = {sum(map(len, _WIDTHS[:i])) for i in range(1, len(_WIDTHS))}
        self.eval().requires_grad_(False)

    def features(self, images: Tensor) -> list[Tensor]:
        """Maps images (N, C, H, W) in [0, 1], C = 3 (RGB) or 1, to ten maps (N, c, h, w)."""
        x = (images.expand(-1, 3, -1, -1) - self.mean) * 255
        maps = []
        for index, conv in enumerate(self.convs):
            if index in self._pooled:
                x = F.max_pool2d(x, 2)
            x = F.relu(conv(x))
            maps.append(x)
        return maps


def _cached_file() -> Path:
    from torchvision.models import VGG16_Weights

    return Path(torch.hub.get_dir()) / 'checkpoints' / VGG16_Weights.IMAGENET1K_FEATURES.url.rpartition('/')[2]


def _conv(state: Mapping[str, Tensor], name: str, in_channels: int, out_channels: int, path: Path) -> nn.Conv2d:
    """Returns a 3x3 convolution with the weights of this name."""
    conv = nn.utils.skip_init(nn.Conv2d, in_channels, out_channels, 3, padding=1)
    for key, parameter in conv.named_parameters():
        value = state.get(f'{name}.{key}')
        if value is None or value.shape != parameter.shape:
            found = 'lacks it' if value is None else f'has {tuple(value.shape)}'
            raise ValueError(
                f'{path} (VGG16Features.weights) does not hold VGG-16: {name}.{key} should be '
                f'{tuple(parameter.shape)}, the file {found}'
            )
        parameter.data.copy_(value)
    return conv


@MODELS.register_module()
class PerceptualLoss(WeightedLoss):
    r"""Mean absolute difference of features, summed over layers: :math:`\sum_l \overline{|\phi_l(x)-\phi_l(y)|}`.

    The network is fixed, belongs to no checkpoint, and is built only if the term has a weight.

    Args:
        loss_weight: Weight of the term.
        network: Config of a network whose ``features`` map images in [0, 1] to a tensor or a list of tensors: by
            default :class:`VGG16Features`; or a classifier with its trained weights, e.g.
            ``dict(type='DigitClassifier', init_cfg=dict(type='TransferredWeights', checkpoint=...))``.

    Raises:
        ValueError: The network would keep random weights.
    """

    def __init__(self, loss_weight: float = 0.001, network: dict[str, Any] | None = None) -> None:
        super().__init__(loss_weight)
        self.network = dict(network or dict(type='VGG16Features'))
        if self.network['type'] != 'VGG16Features' and not self.network.get('init_cfg'):
            raise ValueError(
                f'PerceptualLoss.network = {self.network["type"]} has no init_cfg and would keep random weights: give '
                "it dict(type='TransferredWeights', checkpoint=...)"
            )
        # In a list, out of the module's sight: no part of checkpoints, of moving averages, or of what is trained.
        self._built: list[nn.Module] = []
        if self.loss_weight:
            self._build()

    def forward(self, images: Tensor, target: Tensor) -> Tensor:
        """Returns the distance of ``images`` from ``target``, both (N, C, S, S) in [0, 1]."""
        network = self._built[0] if self._built else self._build()
        if next(network.parameters()).device != images.device:
            network.to(images.device)
        with torch.no_grad():
            wanted = _as_list(network.features(target))
        pairs = zip(_as_list(network.features(images)), wanted, strict=True)
        return torch.stack([F.l1_loss(at_least_float32(x), at_least_float32(y)) for x, y in pairs]).sum()

    def _build(self) -> nn.Module:
        # The random weights are replaced, and must not cost random numbers.
        with torch.random.fork_rng(devices=[]), DefaultScope.overwrite_default_scope('mmgentransfer'):
            network = MODELS.build(self.network)
            if hasattr(network, 'init_weights'):
                network.init_weights()
        self._built.append(network.eval().requires_grad_(False))
        return network


def _as_list(features: Tensor | list[Tensor]) -> list[Tensor]:
    return [features] if isinstance(features, Tensor) else list(features)
