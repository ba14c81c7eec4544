"""The WGAN-GP networks for digits of 28x28 pixels, or 32x32 (thesis section A.2.1)."""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.initializers import WGANGPUniform
from mmgentransfer.models.layers.inputs import check_images, check_labels, check_noise, one_hot
from mmgentransfer.registry import MODELS


def _check_size(image_size: int) -> None:
    if image_size not in (28, 32):
        raise ValueError(f'image_size={image_size}, but this network exists for image_size=28 and 32 only.')


@MODELS.register_module()
class WGANGPGenerator28(BaseModule):
    """Generator of three 5x5 transposed convolutions, without norms; a class enters as a one-hot vector beside z.

    Weights are initialised by :class:`WGANGPUniform`, before ``init_cfg`` is applied.

    Args:
        noise_size: Length of z.
        dim: Width; the maps have 4, 2 and 1 times as many channels.
        num_classes: Number of classes K, 0 for an unconditional generator.
        image_size: Side S of the images, 28 or 32.
        out_channels: Channels C of the images.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: ``image_size`` is neither 28 nor 32.
    """

    def __init__(
        self,
        noise_size: int = 128,
        dim: int = 64,
        num_classes: int = 0,
        image_size: Literal[28, 32] = 28,
        out_channels: int = 1,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        _check_size(image_size)
        self.noise_size = noise_size
        self.num_classes = num_classes
        self.image_size = image_size
        self.out_channels = out_channels
        self.input_linear = nn.Linear(noise_size + num_classes, 4 * dim * 4 * 4)
        # The source crops the 8x8 maps of the 28-pixel generator to 7x7. The last row and column are what the output
        # padding adds, so that a first layer without it computes the cropped maps at once.
        paddings = (0 if image_size == 28 else 1, 1, 1)
        widths = (4 * dim, 2 * dim, dim, out_channels)
        self.deconvs = nn.ModuleList(
            nn.ConvTranspose2d(widths[k], widths[k + 1], 5, stride=2, padding=2, output_padding=paddings[k])
            for k in range(3)
        )

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            WGANGPUniform()(self)
        super().init_weights()

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generates images.

        Args:
            z: Noise (N, ``noise_size``).
            labels: Classes (N,) int64 of a conditional generator.

        Returns:
            Images (N, C, S, S) in [0, 1].

        Raises:
            ValueError: ``z`` has the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_noise(self, z)
        check_labels(self, labels, z.shape[0])
        if labels is not None:
            z = torch.cat([z, one_hot(labels, self.num_classes, z.dtype)], dim=1)
        x = self.input_linear(z).unflatten(1, (-1, 4, 4))
        for deconv in self.deconvs:
            x = deconv(F.relu(x))
        return torch.sigmoid(x)


@MODELS.register_module()
class WGANGPCritic28(BaseModule):
    """Critic of three 5x5 convolutions with stride 2, without norms; a class enters as one-hot planes beside the image.

    It has no class head. Weights are initialised by :class:`WGANGPUniform`, before ``init_cfg`` is applied.

    Args:
        dim: Width; the maps have 1, 2 and 4 times as many channels.
        num_classes: Number of classes K, 0 for an unconditional critic.
        image_size: Side S of the images, 28 or 32.
        in_channels: Channels C of the images.
        init_cfg: MMEngine's initialisation config, such as a transfer from a checkpoint.

    Raises:
        ValueError: ``image_size`` is neither 28 nor 32.
    """

    def __init__(
        self,
        dim: int = 64,
        num_classes: int = 0,
        image_size: Literal[28, 32] = 28,
        in_channels: int = 1,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        _check_size(image_size)
        self.num_classes = num_classes
        self.image_size = image_size
        self.in_channels = in_channels
        widths = (in_channels + num_classes, dim, 2 * dim, 4 * dim)
        self.convs = nn.ModuleList(nn.Conv2d(widths[k], widths[k + 1], 5, stride=2, padding=2) for k in range(3))
        self.score_head = nn.Linear(4 * dim * 4 * 4, 1)

    def init_weights(self) -> None:
        """Draws all weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            WGANGPUniform()(self)
        super().init_weights()

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Scores images, higher for more real.

        Args:
            images: (N, C, S, S) in [0, 1].
            labels: Classes (N,) int64 of a conditional critic.

        Returns:
            Scores (N,), any real numbers.

        Raises:
            ValueError: ``images`` have the wrong shape, or ``labels`` do not go with ``num_classes``.
        """
        check_images(self, images)
        check_labels(self, labels, images.shape[0])
        x = images
        if labels is not None:
            planes = one_hot(labels, self.num_classes, images.dtype)[:, :, None, None]
            x = torch.cat([images, planes.expand(-1, -1, self.image_size, self.image_size)], dim=1)
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        return self.score_head(x.flatten(1)).squeeze(1)
