"""TransferGAN: fine-tune every weight of a pre-trained GAN on a small data set (thesis chapter 2)."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.models.prior import build_prior
from mmgentransfer.registry import MODELS

__all__ = ['TransferGAN']


@MODELS.register_module()
class TransferGAN(GAN):
    """One generator against one critic, each from scratch or from a source model (thesis section 2.3.4).

    Which of the two is pre-trained is said by the networks' own ``init_cfg``::

        networks=dict(
            generator=dict(type='WGANGPGenerator', init_cfg=dict(type='TransferredWeights', checkpoint=..., ...)),
            critic=dict(type='WGANGPCritic'))

    Nothing is frozen, and no optimiser state is transferred. Without any ``init_cfg`` this is an ordinary GAN.

    With a generator of K classes, generated labels are uniform over them, whatever their frequencies in the data, whose
    items must have ``labels`` in 0 .. K - 1. The critic has K classes too, in one of two ways:

    - A class head makes it an AC-GAN (thesis section 2.4.1). Two more terms, each an :class:`AuxiliaryClassifierLoss`,
      are ``critic_class`` (eq. 2.8, on real images; with ``on_fake`` the mean of that on real and that on fake ones)
      and ``generator_class`` (eq. 2.7). The log has ``accuracy_real`` and ``accuracy_fake`` beside them, the share of
      images that the head gets right.
    - A critic that takes the labels in, such as a projection discriminator, sees each image with its own. In its moves
      fake images have the labels of the real ones.

    Args:
        prior: Config of the distribution of the noise z, a :class:`NormalPrior`; None: standard normal.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generator`` and ``critic``.

    Raises:
        ValueError: Generator, critic and class terms don't agree about the classes.
    """

    def __init__(self, prior: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prior = build_prior(prior, self.latent_size)
        made, judged = self.num_classes, getattr(self.critic, 'num_classes', 0)
        if made and judged != made:
            raise ValueError(
                f'model.networks.generator has num_classes={made}, model.networks.critic num_classes={judged}: '
                'the critic needs as many classes'
            )
        terms = [name for name in ('critic_class', 'generator_class') if name in self.losses]
        if terms and not (made and self._has_head):
            raise ValueError(
                f'model.losses has {terms[0]}, which needs a generator with classes and a critic with a class head; '
                f'the generator has num_classes={made}, the critic is a {type(self.critic).__name__} with '
                f'num_classes={judged}'
            )
        if made and self._has_head and len(terms) < 2:
            raise ValueError(
                f'model.networks.generator has num_classes={made}: model.losses needs critic_class and '
                f"generator_class, each dict(type='AuxiliaryClassifierLoss'); it has {sorted(self.losses)}"
            )

    @property
    def _has_head(self) -> bool:
        """Whether the critic says which class an image is of, rather than being told."""
        return getattr(self.critic, 'class_head', None) is not None

    @property
    def num_classes(self) -> int:
        """Number of the generator's classes K, 0 for an unconditional one."""
        return getattr(self.generator, 'num_classes', 0)

    @property
    def latent_size(self) -> int:
        """Width of the generator's noise."""
        return self.generator.noise_size

    def images_from(self, latents: Tensor, which: str = 'live', labels: Tensor | None = None) -> Tensor:
        """Maps noise (N, noise_size), and labels (N,) int64 with classes, to images (N, C, S, S)."""
        network, latents = self.network('generator', which), self.prior(latents)
        return network(latents) if labels is None else network(latents, labels)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the generator."""
        return [self.network('generator', which)]

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms: thesis eq. 2.3, and with a class head eq. 2.8."""
        if not self.num_classes:
            return super().critic_losses(batch)
        real, labels = batch['images'], _labels_of(batch)
        noise = batch.random.normal(batch.size, self.latent_size)
        fake_labels = batch.random.integers(self.num_classes, batch.size) if self._has_head else labels
        with torch.no_grad():
            fake = self.images_from(noise, labels=fake_labels)
        if getattr(self.critic, 'mixes_images', False):  # an output that depends on its batch: one kind at a time
            real_output, fake_output = self._judge(real, labels), self._judge(fake, fake_labels)
        else:
            output = self._judge(torch.cat([real, fake]), torch.cat([labels, fake_labels]))
            real_output, fake_output = zip(*(part.chunk(2) for part in output), strict=True)
        critic = self.critic if self._has_head else partial(self.critic, labels=labels)
        terms = self._critic_terms(batch, real, fake, real_output[0], fake_output[0], critic)
        if self._has_head:
            loss = self.losses['critic_class']
            terms['critic_class'] = loss(real_output[1], labels)
            if loss.on_fake:
                terms['critic_class'] = (terms['critic_class'] + loss(fake_output[1], fake_labels)) / 2
            terms['accuracy_real'] = _accuracy(real_output[1], labels)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms: thesis eq. 2.4, and with a class head eq. 2.7."""
        if not self.num_classes:
            return super().generator_losses(batch)
        noise = batch.random.normal(batch.size, self.latent_size)
        labels = batch.random.integers(self.num_classes, batch.size)
        scores, *logits = self._judge(self.images_from(noise, labels=labels), labels)
        terms = dict(adversarial=self.losses['adversarial'].generator(scores))
        if self._has_head:
            terms['generator_class'] = self.losses['generator_class'](*logits, labels)
            terms['accuracy_fake'] = _accuracy(*logits, labels)
        return terms

    def _judge(self, images: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Returns the critic's scores (N,) and, with a class head, logits (N, K)."""
        return self.critic(images) if self._has_head else (self.critic(images, labels),)


def _labels_of(batch: Batch) -> Tensor:
    if 'labels' not in batch:
        raise ValueError(
            'a TransferGAN with classes needs labels: train_dataloader.dataset must give them, with labels 0 .. K - 1 '
            '(e.g. LabelledImageFolder, or Digits with labelled=True and relabel=True)'
        )
    return batch['labels']


@torch.no_grad()
def _accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(1) == labels).float().mean()
