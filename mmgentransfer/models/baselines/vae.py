"""A variational auto-encoder that is trained on a few images, fully supervised by pairs of latent and image."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.baselines.bsa import check_indices, check_terms, image_terms, indices_of
from mmgentransfer.models.game import Batch
from mmgentransfer.models.layers.inputs import check_images
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.registry import MODELS

__all__ = ['GaussianEncoder', 'GaussianTable', 'SupervisedVAE']


@MODELS.register_module()
class GaussianTable(BaseModule):
    """One learned Gaussian for each training image: a VAE without an encoder network.

    Means start at normal random numbers, for images to be told apart from the first iteration on; variances at 1.

    Args:
        num_images: Number of rows; the training set may have fewer images.
        size: Length of a latent.
        mean_std: Standard deviation of the means at the start.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: ``num_images`` or ``size`` is no positive number.
    """

    def __init__(
        self, num_images: int, size: int, mean_std: float = 1.0, init_cfg: dict[str, Any] | None = None
    ) -> None:
        super().__init__(init_cfg)
        if num_images < 1 or size < 1 or mean_std < 0:
            raise ValueError(
                f'GaussianTable: num_images={num_images} and size={size} must be positive numbers, and '
                f'mean_std={mean_std} 0 or more.'
            )
        self.num_images = num_images
        self.size = size
        self.means = nn.Parameter(mean_std * torch.randn(num_images, size))
        self.log_variances = nn.Parameter(torch.zeros(num_images, size))

    def forward(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and log variances, each (N, size), of the images ``indices`` (N,) int64."""
        return self.means[indices], self.log_variances[indices]


@MODELS.register_module()
class GaussianEncoder(BaseModule):
    """Convolutional encoder of images to Gaussians: 3x3 convolutions of stride 2 down to 4 pixels or less, then linear.

    The width doubles with every convolution, up to 8 times the first one's; leaky ReLUs of slope 0.2 follow. Weights
    have PyTorch's default initialisation.

    Args:
        size: Length of a latent.
        image_size: Side S of the images.
        in_channels: Channels C of the images.
        base_channels: Width of the first convolution.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: A size is no positive number, or images have 4 pixels or less.
    """

    def __init__(
        self,
        size: int,
        image_size: int = 128,
        in_channels: int = 3,
        base_channels: int = 64,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if min(size, in_channels, base_channels) < 1 or image_size < 5:
            raise ValueError(
                f'GaussianEncoder: size={size}, in_channels={in_channels} and base_channels={base_channels} must be '
                f'positive, and image_size={image_size} at least 5.'
            )
        self.size = size
        self.image_size = image_size
        self.in_channels = in_channels
        widths, side = [in_channels], image_size
        while side > 4:
            widths.append(base_channels * min(8, 2 ** (len(widths) - 1)))
            side = (side + 1) // 2
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, stride=2, padding=1) for i, o in pairwise(widths))
        self.head = nn.Linear(widths[-1] * side**2, 2 * size)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps images (N, C, S, S) to means and log variances, each (N, size).

        Raises:
            ValueError: ``images`` have the wrong shape or are no floats.
        """
        check_images(self, images)
        x = images
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        return self.head(x.flatten(1)).chunk(2, dim=1)


@MODELS.register_module()
class SupervisedVAE(GAN):
    """A generator from scratch as the decoder of a VAE, a baseline without a critic (thesis section 3.4, figure 3.6).

    The latent of a training image is drawn from its Gaussian, a row of a :class:`GaussianTable` (the thesis names no
    encoder) or what a :class:`GaussianEncoder` gives. New images come from N(0, I).

    The loss terms, of which ``pixel`` is needed: ``pixel`` and ``perceptual`` compare images as in :class:`BSA`; ``kl``
    is the divergence of the Gaussians from N(0, I).

    Args:
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``encoder`` and ``decoder``, an unconditional
            generator. With a table, the training set needs ``with_indices=True``.

    Raises:
        ValueError: Encoder and decoder don't fit, the decoder has classes, a table is trained on flipped images, or a
            loss term is unknown.
    """

    players = dict(autoencoder=['encoder', 'decoder'])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_terms(self, 'pixel', 'perceptual', 'kl')
        if self.encoder.size != self.decoder.noise_size:
            raise ValueError(
                f'model.networks.encoder has size={self.encoder.size}, but model.networks.decoder takes '
                f'noise_size={self.decoder.noise_size}'
            )
        if getattr(self.decoder, 'num_classes', 0):
            raise ValueError(
                f'model.networks.decoder has num_classes={self.decoder.num_classes}: a SupervisedVAE has no labels, '
                'set it to 0'
            )
        if self._has_table and self.data_preprocessor.flip:
            raise ValueError(
                f'model.data_preprocessor.flip={self.data_preprocessor.flip}: a GaussianTable has one Gaussian an '
                'image, which can not stand for the flipped one too; set it to 0, or use a GaussianEncoder'
            )

    @property
    def _has_table(self) -> bool:
        return isinstance(self.encoder, GaussianTable)

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """With a table, checks that the training set numbers its images and has no more than there are rows."""
        if self._has_table:
            check_indices(dataset, self.encoder, 'encoder')

    def autoencoder_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Returns the terms of reconstructions from latents that are drawn from the images' Gaussians."""
        images = batch['images']
        mean, log_variance = self.encoder(indices_of(batch) if self._has_table else images)
        latents = mean + (log_variance / 2).exp() * batch.random.normal(*mean.shape)
        terms = image_terms(self, self.images_from(latents), images)
        if self.weight('kl'):
            terms['kl'] = self.losses['kl'](mean, log_variance)
        return terms

    @property
    def latent_size(self) -> int:
        """Width of the decoder's noise."""
        return self.decoder.noise_size

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to images (N, C, S, S)."""
        return self.network('decoder', which)(latents)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the decoder."""
        return [self.network('decoder', which)]
