"""StarGAN: one generator for all domains of images, or for attributes that are set or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.baselines.domain_checks import check_loss_names, check_sides
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import Batch
from mmgentransfer.registry import MODELS

__all__ = ['StarGAN']


@MODELS.register_module()
class StarGAN(DomainTranslator):
    """StarGAN for images with labels of their domain, (N,), or of their attributes, (N, C) of 0 and 1.

    Each image is translated to the domain of another one of the batch. The loss terms are ``adversarial`` and, for the
    critic, ``gradient_penalty``; ``domain`` for both, the classification of real images and of translations; and for
    the generator ``reconstruction``, each image from its translation.

    Args:
        domains: The names of the C domains or attributes, in the order of the labels.
        losses: Config of each term by its name.
        **kwargs: As :class:`DomainTranslator`; ``networks`` has ``generator`` and ``critic``.

    Raises:
        ValueError: A network has another number of domains, names are given twice, or a loss is missing.
    """

    players = dict(critic=['critic'], generator=['generator'])

    def __init__(self, domains: Sequence[str], losses: dict[str, dict], **kwargs: Any) -> None:
        check_loss_names(losses, ['adversarial', 'domain'], ['gradient_penalty', 'reconstruction'])
        super().__init__(domains, losses=losses, **kwargs)
        for name in ('generator', 'critic'):
            found = getattr(self, name).num_domains
            if found != len(self.domains):
                raise ValueError(
                    f'model.networks.{name}.num_domains is {found}, but model.domains has {len(self.domains)} names'
                )

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """See :class:`AdversarialModel`."""
        check_sides(dict(generator=self.generator), dataset, self.domains, key)

    # ------------------------------------------------------------------ training

    @property
    def exclusive(self) -> bool:
        """As ``model.losses.domain.exclusive`` says."""
        return self.losses['domain'].exclusive

    def _targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Returns the images' own domains and those that they are translated to, which are other images' own."""
        own = self.domains_of(batch['labels'])
        return own, own[batch.random.uniform(len(own)).argsort()]

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms."""
        real = batch['images']
        own, target = self._targets(batch)
        with torch.no_grad():
            fake = self.generator(real, target)
        real_scores, logits = self.critic(real)
        fake_scores, _ = self.critic(fake)
        terms = dict(
            adversarial=self.losses['adversarial'].critic(real_scores, fake_scores),
            domain=self.losses['domain'](logits, own),
        )
        if self.weight('gradient_penalty'):
            alpha = batch.random.uniform(len(real))
            terms['gradient_penalty'] = self.losses['gradient_penalty'](self.critic, real, fake, alpha)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms."""
        real = batch['images']
        own, target = self._targets(batch)
        fake = self.generator(real, target)
        fake_scores, logits = self.critic(fake)
        terms = dict(
            adversarial=self.losses['adversarial'].generator(fake_scores),
            domain=self.losses['domain'](logits, target),
        )
        if self.weight('reconstruction'):
            terms['reconstruction'] = self.losses['reconstruction'](self.generator(fake, own), real)
        return terms

    # ------------------------------------------------------------------ inference

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns the generator."""
        return [self.network('generator', which)]

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None = None, which: str = 'ema', **options: Any
    ) -> Tensor:
        """Translates images, see :meth:`DomainTranslator.translate_values`; there are no options."""
        if options:
            raise ValueError(f'StarGAN.translate has no options, got {sorted(options)}')
        return self.network('generator', which)(values, targets)[:, None]

    def reconstruct_values(self, values: Tensor, domains: Tensor, which: str = 'ema') -> Tensor:
        """Returns the images (N, C, H, W) translated to the domains that they have."""
        return self.network('generator', which)(values, domains)
