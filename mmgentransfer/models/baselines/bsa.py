"""BSA, batch statistics adaptation: a frozen generator is fitted to a few images by scales, shifts and latents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.methods.gan import GAN, sampling_mode
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS, suggest

__all__ = ['BSA', 'LatentTable', 'check_indices', 'check_terms', 'image_terms', 'indices_of']


@MODELS.register_module()
class LatentTable(BaseModule):
    """One learned latent for each training image, 0 at the start.

    Args:
        num_images: Number of rows; the training set may have fewer images.
        size: Length of a latent.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: ``num_images`` or ``size`` is no positive number.
    """

    def __init__(self, num_images: int, size: int, init_cfg: dict[str, Any] | None = None) -> None:
        super().__init__(init_cfg)
        if num_images < 1 or size < 1:
            raise ValueError(f'LatentTable: num_images={num_images} and size={size} must be positive numbers.')
        self.num_images = num_images
        self.size = size
        self.latents = nn.Parameter(torch.zeros(num_images, size))

    def forward(self, indices: Tensor) -> Tensor:
        """Returns the latents (N, size) of the images ``indices`` (N,) int64."""
        return self.latents[indices]


@MODELS.register_module()
class BSA(GAN):
    """Batch statistics adaptation, a baseline without a critic (thesis section 3.4, figure 3.6).

    The generator is frozen. What is trained are scales and shifts of its layers, see :class:`ScaleShiftAdaptor`, and a
    latent for every training image, such that the generator makes the image from it. New images come from noise that is
    truncated, near the centre of the learned latents.

    The loss terms, of which ``pixel`` is needed: ``pixel`` and ``perceptual`` compare images, the latter with values
    mapped to [0, 1]; ``latent_emd`` keeps latents close to the prior; ``regulariser`` keeps scales and shifts close to
    1 and 0.

    Args:
        latent_noise: Standard deviation of the noise that is added to latents in training.
        truncation: New latents are N(0, 1) numbers restricted to plus or minus this; None for all.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``latents``, ``adaptor`` and the source ``generator``.
            The training set needs ``with_indices=True``.

    Raises:
        ValueError: Latents and generator don't fit, images are flipped, a loss term is unknown, the generator can't be
            adapted, or an argument is out of range.
    """

    players = dict(generator=['latents', 'adaptor'])
    frozen = ['generator']

    def __init__(self, latent_noise: float = 0.01, truncation: float | None = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_terms(self, 'pixel', 'perceptual', 'latent_emd', 'regulariser')
        if latent_noise < 0:
            raise ValueError(f'model.latent_noise must be 0 or more, got {latent_noise}')
        if truncation is not None and not truncation > 0:
            raise ValueError(f'model.truncation must be None or above 0, got {truncation}')
        if self.latents.size != self.generator.noise_size:
            raise ValueError(
                f'model.networks.latents has size={self.latents.size}, but model.networks.generator takes '
                f'noise_size={self.generator.noise_size}'
            )
        if self.data_preprocessor.flip:
            raise ValueError(
                f'model.data_preprocessor.flip={self.data_preprocessor.flip}: BSA learns one latent an image, from '
                'which a flipped one can not be made too; set it to 0'
            )
        self.latent_noise = latent_noise
        self.truncation = truncation
        self.adaptor.attach(self.generator)

    def init_weights(self) -> None:
        """Initialises every network; the adaptor then copies what it trains of the generator."""
        super().init_weights()
        self.adaptor.start_from(self.generator)
        self.update_ema(momentum=0.0)

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks that the training set numbers its images and has no more than there are latents."""
        check_indices(dataset, self.latents, 'latents')

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of section 3.4's baseline; see the class."""
        latents = self.latents(indices_of(batch))
        noise = batch.random.normal(*latents.shape)
        terms = image_terms(self, self.images_from(latents + self.latent_noise * noise), batch['images'])
        if self.weight('latent_emd'):
            loss = self.losses['latent_emd']
            samples = batch.random.normal(loss.samples_per_latent * len(latents), self.latent_size)
            terms['latent_emd'] = loss(latents, samples)
        if self.weight('regulariser'):
            adaptor = self.adaptor
            terms['regulariser'] = self.losses['regulariser'](adaptor.scales, adaptor.shifts, adaptor.embedding)
        return terms

    # ------------------------------------------------------------------ sampling

    @property
    def latent_size(self) -> int:
        """Width of the generator's noise."""
        return self.generator.noise_size

    def draw_latents(self, num: int, seed: int | tuple[int, ...] = 0) -> Tensor:
        """Returns (num, latent_size) truncated normal noise for :meth:`generate`."""
        if self.truncation is None:
            return super().draw_latents(num, seed)
        counters = (seed,) if isinstance(seed, int) else tuple(seed)
        uniform = StepRandom(*counters).uniform(num, self.latent_size).double()
        # The inverse of the distribution function: between -t and t, erf(z / sqrt(2)) is uniform.
        limit = math.erf(self.truncation / math.sqrt(2))
        return (torch.erfinv((2 * uniform - 1) * limit) * math.sqrt(2)).float().to(self._device)

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to images (N, C, S, S) of the adapted generator."""
        return self.network('adaptor', which)(self.network('generator', which), latents)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the adaptor and the generator."""
        return [self.network('adaptor', which), self.network('generator', which)]

    @torch.no_grad()
    def reconstruct(self, indices: list[int] | Tensor, which: str = 'ema') -> np.ndarray:
        """Returns what the latents of training images give: uint8 (N, H, W, C)."""
        rows = torch.as_tensor(indices, device=self._device)
        latents = self.network('latents', which)(rows)
        with sampling_mode(self.generating_networks(which)):
            return self.to_pixels(self.images_from(latents, which))


# ---------------------------------------------------------------------- what it shares with the VAE


def image_terms(model: AdversarialModel, images: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Returns the terms ``pixel`` and ``perceptual`` of generated images against their targets."""
    terms = dict(pixel=model.losses['pixel'](images, target))
    if model.weight('perceptual'):
        low, high = model.data_preprocessor.value_range
        terms['perceptual'] = model.losses['perceptual']((images - low) / (high - low), (target - low) / (high - low))
    return terms


def indices_of(batch: Batch) -> Tensor:
    """Returns the numbers (N,) of the batch's images in the training set."""
    if 'indices' not in batch:
        raise ValueError(
            'this method learns a latent for each training image: set train_dataloader.dataset.with_indices=True'
        )
    return batch['indices']


def check_terms(model: AdversarialModel, needed: str, *optional: str) -> None:
    """Raises a ``ValueError`` if the term ``needed`` is missing or a term has another name than these."""
    known = [needed, *optional]
    for name in model.losses:
        if name not in known:
            raise ValueError(
                f'model.losses has {name!r}; the terms of {type(model).__name__} are {known}.{suggest(name, known)}'
            )
    if needed not in model.losses:
        raise ValueError(f'model.losses lacks {needed!r}; it has {sorted(model.losses)}')


def check_indices(dataset: Dataset, table: nn.Module, name: str) -> None:
    """Raises a ``ValueError`` unless ``dataset`` numbers its images and ``table`` has a row for each."""
    if 'indices' not in dataset[0]:
        raise ValueError(
            f'model.networks.{name} = {type(table).__name__} learns something for each training image: set '
            'train_dataloader.dataset.with_indices=True'
        )
    if len(dataset) > table.num_images:
        raise ValueError(
            f'model.networks.{name}.num_images={table.num_images}, but train_dataloader.dataset has {len(dataset)} '
            f'images; set it to {len(dataset)}'
        )
