"""IcGAN: a conditional GAN, and encoders that find the noise and the domain of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.models.baselines.domain_checks import check_loss_names
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import Batch
from mmgentransfer.registry import MODELS

__all__ = ['IcGAN']


@MODELS.register_module()
class IcGAN(DomainTranslator):
    """IcGAN for images with labels of their domain, (N,), or of their attributes, (N, C) of 0 and 1.

    A training has two stages: in the first the GAN learns; in the second, with a frozen generator, an encoder learns
    z from generated images, and another one the labels from real images::

        moves=[dict(player=name) for name in ('discriminator', 'generator', 'noise_encoder', 'label_encoder')],
        stages=[
            dict(name='gan', iters=..., train=['discriminator', 'generator']),
            dict(name='encoders', iters=..., train=['noise_encoder', 'label_encoder']),
        ]

    A translation is what the generator makes of an image's z and the target. It has the side of the networks, 64 in the
    original: images of another side are resized on the way in, translations on the way out.

    The loss terms are ``adversarial``; optionally ``mismatch``, the discriminator's on real images with a wrong label
    in place of generated ones; and the encoders' ``noise`` and ``labels``.

    Args:
        domains: The names of the C domains or attributes, in the order of the labels.
        exclusive: Whether an image has one of the domains; else any of the attributes.
        **kwargs: As :class:`DomainTranslator`; ``networks`` has ``discriminator``, ``generator``, ``noise_encoder`` and
            ``label_encoder``.

    Raises:
        ValueError: Networks don't fit each other or the domains, or a loss is missing or unknown.
    """

    players = dict(
        discriminator=['discriminator'],
        generator=['generator'],
        noise_encoder=['noise_encoder'],
        label_encoder=['label_encoder'],
    )

    def __init__(self, domains: Sequence[str], exclusive: bool = True, **kwargs: Any) -> None:
        self.exclusive = exclusive  # the base checks its groups by it
        super().__init__(domains, **kwargs)
        check_loss_names(self.losses, ['adversarial', 'noise', 'labels'], ['mismatch'])
        num, generator = len(self.domains), self.generator
        for name, key, wanted in (
            ('generator', 'num_domains', num),
            ('discriminator', 'num_domains', num),
            ('label_encoder', 'out_size', num),
            ('noise_encoder', 'out_size', generator.noise_size),
            ('discriminator', 'image_size', generator.image_size),
            ('label_encoder', 'image_size', generator.image_size),
            ('noise_encoder', 'image_size', generator.image_size),
        ):
            if (found := getattr(getattr(self, name), key)) != wanted:
                raise ValueError(
                    f'model.networks.{name}.{key} is {found}, but the others need {wanted}: model.domains has {num} '
                    f'names, and model.networks.generator has noise_size={generator.noise_size} and '
                    f'image_size={generator.image_size}'
                )

    # ------------------------------------------------------------------ training

    def _real(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Returns a batch's images at the networks' side, and their domains."""
        return self._resized(batch['images'], self.generator.image_size), self.domains_of(batch['labels'])

    def _generated(self, batch: Batch, domains: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns images of random noise and the domains of other images, and both of them."""
        z = batch.random.normal(len(domains), self.generator.noise_size)
        domains = domains[batch.random.uniform(len(domains)).argsort()]
        return self.generator(z, domains), z, domains

    def _wrong(self, batch: Batch, domains: Tensor) -> Tensor:
        """Returns domains that the images don't have: another one, or attributes of which a random one is changed."""
        num = len(self.domains)
        if self.exclusive:
            steps = 1 + batch.random.integers(num - 1, len(domains))
            return F.one_hot((domains.argmax(1) + steps) % num, num).to(domains.dtype)
        changed = F.one_hot(batch.random.integers(num, len(domains)), num)
        return (domains - changed).abs()

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's terms."""
        images, own = self._real(batch)
        with torch.no_grad():
            fakes, _, domains = self._generated(batch, own)
        real_scores = self.discriminator(images, own)
        terms = dict(adversarial=self.losses['adversarial'].critic(real_scores, self.discriminator(fakes, domains)))
        if self.weight('mismatch'):
            wrong_scores = self.discriminator(images, self._wrong(batch, own))
            terms['mismatch'] = self.losses['mismatch'].critic(real_scores, wrong_scores)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's term."""
        fakes, _, domains = self._generated(batch, self.domains_of(batch['labels']))
        return dict(adversarial=self.losses['adversarial'].generator(self.discriminator(fakes, domains)))

    def noise_encoder_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The term of the encoder of z."""
        with torch.no_grad():
            fakes, z, _ = self._generated(batch, self.domains_of(batch['labels']))
        return dict(noise=self.losses['noise'](self.noise_encoder(fakes), z))

    def label_encoder_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The term of the encoder of labels."""
        images, own = self._real(batch)
        return dict(labels=self.losses['labels'](self.label_encoder(images), own))

    # ------------------------------------------------------------------ inference

    @staticmethod
    def _resized(images: Tensor, *size: int) -> Tensor:
        size = size * 2 if len(size) == 1 else size
        if tuple(images.shape[-2:]) == size:
            return images
        return F.interpolate(images, size=size, mode='bilinear', align_corners=False, antialias=True)

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """See :class:`DomainTranslator`."""
        return [self.network(name, which) for name in ('noise_encoder', 'label_encoder', 'generator')]

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None = None, which: str = 'ema', **options: Any
    ) -> Tensor:
        """See :class:`DomainTranslator`; there are no codes and no options."""
        if options:
            raise ValueError(f'IcGAN.translate has no options, got {sorted(options)}')
        encoder, _, generator = self.translating_networks(which)
        z = encoder(self._resized(values, generator.image_size))
        return self._resized(generator(z, targets), *values.shape[-2:])[:, None]

    def reconstruct_values(self, values: Tensor, sources: Tensor, which: str = 'ema') -> Tensor:
        """Returns images from their own z and the domains ``sources`` (N, num_domains)."""
        return self.translate_values(values, sources, which=which)[:, 0]

    def label_values(self, values: Tensor, which: str = 'ema') -> Tensor:
        """Returns what the encoder of labels finds in images (N, C, H, W): (N, num_domains), near 0 and 1."""
        return self.network('label_encoder', which)(self._resized(values, self.generator.image_size))
