"""Fully connected networks for tests and demonstrations that take seconds on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.inputs import check_images, check_labels, check_noise, one_hot
from mmgentransfer.registry import MODELS


def _make_layers(dims: Sequence[int], num_classes: int) -> nn.ModuleList:
    """Makes the linear layers of the widths ``dims``; the first one also takes a one-hot label."""
    widths = [dims[0] + num_classes, *dims[1:]]
    return nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))


@MODELS.register_module()
class MLPGenerator(BaseModule):
    """Fully connected generator with ReLUs; a class enters as a one-hot vector beside z.

    Weights have PyTorch's default initialisation.

    Args:
        dims: All widths, from the noise size to the number of values of an image, C*S*S.
        image_size: Side S of the images.
        out_channels: Channels C of the images.
        num_classes: Number of classes K, 0 for an unconditional generator.
        out_act: ``'sigmoid'`` for images in [0, 1], ``'tanh'`` for [-1, 1].
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: ``dims`` do not end with C*S*S, or ``out_act`` is unknown.
    """

    def __init__(
        self,
        dims: Sequence[int],
        image_size: int,
        out_channels: int = 1,
        num_classes: int = 0,
        out_act: Literal['sigmoid', 'tanh'] = 'sigmoid',
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        values = out_channels * image_size**2
        if len(dims) < 2 or dims[-1] != values:
            raise ValueError(
                f'dims={tuple(dims)} must have the noise size first and out_channels * image_size**2 = {values} last.'
            )
        if out_act not in ('sigmoid', 'tanh'):
            raise ValueError(f"out_act={out_act!r} is unknown: use 'sigmoid' or 'tanh'.")
        self.noise_size = dims[0]
        self.num_classes = num_classes
        self.image_size = image_size
        self.out_channels = out_channels
        self.out_act = out_act
        self.layers = _make_layers(dims, num_classes)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generates images (N, C, S, S) from ``z`` (N, ``noise_size``) and, if conditional, ``labels`` (N,) int64.

        Raises:
            ValueError: ``z`` has the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_noise(self, z)
        check_labels(self, labels, z.shape[0])
        x = z if labels is None else torch.cat([z, one_hot(labels, self.num_classes, z.dtype)], dim=1)
        *hidden, last = self.layers
        for layer in hidden:
            x = F.relu(layer(x))
        x = last(x).unflatten(1, (self.out_channels, self.image_size, self.image_size))
        return torch.sigmoid(x) if self.out_act == 'sigmoid' else torch.tanh(x)


@MODELS.register_module()
class MLPCritic(BaseModule):
    """Fully connected critic with leaky ReLUs; a class enters as a one-hot vector beside the flat image.

    Weights have PyTorch's default initialisation.

    Args:
        dims: All widths, from the number of values of an image, C*S*S, to 1.
        image_size: Side S of the images.
        in_channels: Channels C of the images.
        num_classes: Number of classes K, 0 for an unconditional critic.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: ``dims`` do not begin with C*S*S or do not end with 1.
    """

    def __init__(
        self,
        dims: Sequence[int],
        image_size: int,
        in_channels: int = 1,
        num_classes: int = 0,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        values = in_channels * image_size**2
        if len(dims) < 2 or dims[0] != values or dims[-1] != 1:
            raise ValueError(
                f'dims={tuple(dims)} must have in_channels * image_size**2 = {values} first and 1, the score, last.'
            )
        self.num_classes = num_classes
        self.image_size = image_size
        self.in_channels = in_channels
        self.layers = _make_layers(dims, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Scores ``images`` (N, C, S, S), with ``labels`` (N,) int64 if conditional; (N,), higher for more real.

        Raises:
            ValueError: ``images`` have the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_images(self, images)
        check_labels(self, labels, images.shape[0])
        x = images.flatten(1)
        if labels is not None:
            x = torch.cat([x, one_hot(labels, self.num_classes, x.dtype)], dim=1)
        *hidden, last = self.layers
        for layer in hidden:
            x = F.leaky_relu(layer(x), 0.2)
        return last(x).squeeze(1)


@MODELS.register_module()
class AnalyticGenerator(BaseModule):
    r"""Frozen generator in closed form, :math:`G(z) = \mathrm{sigmoid}(a + B z)`, fixed by its seed.

    Each value of a is -2 or 2, B is normal with a standard deviation of 0.5. Both are buffers: there is nothing to
    train. Generators of different seeds make clearly different images, which shows whether a selector finds a mixture.

    Args:
        noise_size: Length of z.
        image_size: Side S of the images.
        out_channels: Channels C of the images.
        seed: Fixes a and B.
        init_cfg: MMEngine's initialisation config.
    """

    offset: Tensor
    weight: Tensor

    def __init__(
        self,
        noise_size: int = 8,
        image_size: int = 8,
        out_channels: int = 1,
        seed: int = 0,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.noise_size = noise_size
        self.num_classes = 0
        self.image_size = image_size
        self.out_channels = out_channels
        values = out_channels * image_size**2
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer('offset', torch.randint(2, (values,), generator=generator) * 4.0 - 2.0)
        self.register_buffer('weight', torch.randn(values, noise_size, generator=generator) * 0.5)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generates images (N, C, S, S) in [0, 1] from noise ``z`` (N, ``noise_size``); it takes no ``labels``.

        Raises:
            ValueError: ``z`` has the wrong shape, or ``labels`` were given.
        """
        check_noise(self, z)
        check_labels(self, labels, z.shape[0])
        images = torch.sigmoid(F.linear(z, self.weight, self.offset))
        return images.unflatten(1, (self.out_channels, self.image_size, self.image_size))
