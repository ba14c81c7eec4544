"""IcGAN's networks, at any width: a conditional DCGAN, and encoders that invert it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.layers.convolutions import DrawnModule
from mmgentransfer.models.layers.inputs import check_images, check_noise
from mmgentransfer.registry import MODELS

__all__ = ['IcGANDiscriminator', 'IcGANEncoder', 'IcGANGenerator']

_NORMAL = {'type': 'normal', 'std': 0.02}
InitCfg = dict[str, Any] | list[dict[str, Any]] | None


def _halvings(network: nn.Module, image_size: int) -> int:
    """Returns how often images of a side are halved to 4x4 maps.

    Raises:
        ValueError: The side is no power of 2 of at least 8.
    """
    if image_size < 8 or image_size & (image_size - 1):
        raise ValueError(f'{type(network).__name__}.image_size={image_size} must be a power of 2 of at least 8.')
    return image_size.bit_length() - 3


def _check_domains(network: nn.Module, domains: Tensor, num: int) -> None:
    if domains.shape != (num, network.num_domains):
        raise ValueError(
            f'{type(network).__name__} was built with num_domains={network.num_domains} and takes domains of the shape '
            f'({num}, {network.num_domains}), got {tuple(domains.shape)}.'
        )


@MODELS.register_module()
class IcGANGenerator(DrawnModule):
    """A DCGAN's generator of z and of a vector of domains or attributes, which is appended to z.

    Transposed convolutions with batch norms and ReLUs from 4x4 maps up, tanh at the end. With the defaults it has
    3,617,667 parameters.

    Args:
        image_size: Side S of the images, a power of 2.
        num_domains: Length C of the vector.
        noise_size: Length of z.
        out_channels: Channels of the images.
        base_channels: Width at half the side; it doubles with every halving of the side.
        init: How convolutions are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2.
    """

    def __init__(
        self,
        image_size: int = 64,
        num_domains: int = 5,
        noise_size: int = 100,
        out_channels: int = 3,
        base_channels: int = 64,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.image_size = image_size
        self.num_domains = num_domains
        self.noise_size = noise_size
        self.out_channels = out_channels
        widths = [base_channels * 2**level for level in reversed(range(_halvings(self, image_size)))]
        layers: list[nn.Module] = [nn.ConvTranspose2d(noise_size + num_domains, widths[0], 4, bias=False)]
        for i, o in pairwise(widths):
            layers += [nn.BatchNorm2d(i), nn.ReLU(inplace=True)]
            layers.append(nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, bias=False))
        layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True)]
        last = nn.ConvTranspose2d(widths[-1], out_channels, 4, stride=2, padding=1)
        self.layers = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, z: Tensor, domains: Tensor) -> Tensor:
        """Returns images (N, out_channels, S, S) of z (N, noise_size) and ``domains`` (N, num_domains) of 0 and 1.

        Raises:
            ValueError: ``z`` or ``domains`` have the wrong shape.
        """
        check_noise(self, z)
        _check_domains(self, domains, len(z))
        return self.layers(torch.cat([z, domains.to(z.dtype)], dim=1)[:, :, None, None])


@MODELS.register_module()
class IcGANDiscriminator(DrawnModule):
    """A DCGAN's discriminator of an image and its domains or attributes.

    The vector joins the output of the first convolution as constant maps. With the defaults it has 2,775,873
    parameters.

    Args:
        image_size: Side S of the images, a power of 2.
        num_domains: Length C of the vector.
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; it doubles from one to the next.
        init: How convolutions are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2.
    """

    def __init__(
        self,
        image_size: int = 64,
        num_domains: int = 5,
        in_channels: int = 3,
        base_channels: int = 64,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.image_size = image_size
        self.num_domains = num_domains
        self.in_channels = in_channels
        widths = [base_channels * 2**level for level in range(_halvings(self, image_size))]
        first = nn.Conv2d(in_channels, base_channels, 4, stride=2, padding=1)
        self.first = nn.Sequential(first, nn.LeakyReLU(0.2, inplace=True))
        layers: list[nn.Module] = []
        for level, (i, o) in enumerate(pairwise(widths)):
            inputs = i if level else i + num_domains
            layers.append(nn.Conv2d(inputs, o, 4, stride=2, padding=1, bias=False))
            layers += [nn.BatchNorm2d(o), nn.LeakyReLU(0.2, inplace=True)]
        inputs = widths[-1] if len(widths) > 1 else widths[-1] + num_domains
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4))

    def forward(self, images: Tensor, domains: Tensor) -> Tensor:
        """Scores images (N, C, S, S) with their ``domains`` (N, num_domains) of 0 and 1: (N,).

        Raises:
            ValueError: ``images`` or ``domains`` have the wrong shape.
        """
        check_images(self, images)
        _check_domains(self, domains, len(images))
        features = self.first(images)
        maps = domains.to(features.dtype)[:, :, None, None].expand(-1, -1, *features.shape[2:])
        return self.layers(torch.cat([features, maps], dim=1)).flatten()


@MODELS.register_module()
class IcGANEncoder(DrawnModule):
    """Maps an image to a vector: the generator's z, or domains.

    5x5 convolutions of stride 2 with batch norms and ReLUs down to 4x4 maps, and two linear layers. With the defaults
    it has 3,228,036 parameters.

    Args:
        image_size: Side S of the images, a power of 2.
        out_size: Length of the vector.
        in_channels: Channels of the images.
        base_channels: Width of the first convolution; it doubles from one to the next.
        hidden: Width of the first linear layer.
        init: How convolutions are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: ``image_size`` is no power of 2.
    """

    def __init__(
        self,
        image_size: int = 64,
        out_size: int = 100,
        in_channels: int = 3,
        base_channels: int = 32,
        hidden: int = 512,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init, init_cfg)
        self.image_size = image_size
        self.out_size = out_size
        self.in_channels = in_channels
        widths = [in_channels, *(base_channels * 2**level for level in range(_halvings(self, image_size)))]
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers.append(nn.Conv2d(i, o, 5, stride=2, padding=2, bias=False))
            layers += [nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        layers += [nn.Flatten(), nn.Linear(16 * widths[-1], hidden, bias=False)]
        layers += [nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out_size)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Returns vectors (N, out_size) of images (N, C, S, S).

        Raises:
            ValueError: ``images`` have the wrong shape.
        """
        check_images(self, images)
        return self.layers(images)
