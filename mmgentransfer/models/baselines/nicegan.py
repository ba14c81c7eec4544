"""NICE-GAN: translation both ways with encoders that are the beginnings of the discriminators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.baselines.domain_checks import (
    check_loss_names,
    check_members,
    check_sides,
    check_two_domains,
    check_unpaired,
)
from mmgentransfer.models.baselines.nicegan_networks import NICEGANScores
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import Batch
from mmgentransfer.registry import MODELS

__all__ = ['NICEGAN']


@MODELS.register_module()
class NICEGAN(DomainTranslator):
    """NICE-GAN between two domains of images.

    The discriminator of a domain encodes its images too, and learns to do so in its own move alone; the generator of a
    domain makes its images from the other's features. The loss terms are ``adversarial``, the sum over domains and over
    the scores of small patches, large patches and attention; ``cycle``, an image from its translation; and
    ``reconstruction``, an image from its own features; both summed over domains.

    Args:
        domains: The names of the two domains.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``discriminators`` and ``generators``, dicts of one for
            each domain by its name. A domain's generator translates to it.

    Raises:
        ValueError: Networks don't fit each other, there are not two domains, or a loss is missing or unknown.
    """

    players = dict(discriminator=['discriminators'], generator=['generators'])

    def __init__(self, domains: Sequence[str], **kwargs: Any) -> None:
        super().__init__(domains, **kwargs)
        check_two_domains('NICEGAN', self.domains)
        check_loss_names(self.losses, ['adversarial', 'cycle'], ['reconstruction'])
        check_members('model.networks.discriminators', self.discriminators, self.domains)
        check_members('model.networks.generators', self.generators, self.domains)
        for name, generator in self.generators.items():
            for other, discriminator in self.discriminators.items():
                if generator.in_channels != discriminator.hidden_channels:
                    raise ValueError(
                        f'model.networks.generators.{name}.in_channels is {generator.in_channels}, but the features of '
                        f'model.networks.discriminators.{other} have {discriminator.hidden_channels} channels'
                    )

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """See :class:`AdversarialModel`."""
        check_unpaired(dataset, self.domains, key)
        networks = {f'discriminators.{name}': network for name, network in self.discriminators.items()}
        check_sides(networks, dataset, self.domains, key)

    # ------------------------------------------------------------------ training

    @property
    def _ways(self) -> list[tuple[str, str]]:
        first, second = self.domains
        return [(first, second), (second, first)]

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminators' term."""
        passed = {name: self.discriminators[name](batch[name]) for name in self.domains}
        with torch.no_grad():
            fakes = {target: self.generators[target](passed[source][0]) for source, target in self._ways}
        loss, total = self.losses['adversarial'], []
        for name in self.domains:
            fake_scores: NICEGANScores = self.discriminators[name](fakes[name])[1]
            total += [loss.critic(real, fake) for real, fake in zip(passed[name][1], fake_scores, strict=True)]
        return dict(adversarial=torch.stack(total).sum())

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generators' terms."""
        loss, hidden = self.losses['adversarial'], {}
        for name in self.domains:
            hidden[name] = self.discriminators[name].encode(batch[name])
        adversarial, cycle, own = [], [], []
        for source, target in self._ways:
            encoded, fake_scores = self.discriminators[target](self.generators[target](hidden[source]))
            adversarial += [loss.generator(part) for part in fake_scores]
            cycle.append(self.losses['cycle'](self.generators[source](encoded), batch[source]))
            if self.weight('reconstruction'):
                own.append(self.losses['reconstruction'](self.generators[source](hidden[source]), batch[source]))
        terms = dict(adversarial=torch.stack(adversarial).sum(), cycle=torch.stack(cycle).sum())
        return terms | (dict(reconstruction=torch.stack(own).sum()) if own else {})

    # ------------------------------------------------------------------ inference

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None = None, which: str = 'ema'
    ) -> Tensor:
        """See :class:`DomainTranslator`; an image's source is the other domain than its target."""
        outputs = torch.empty_like(values)
        for index, (source, target) in enumerate(reversed(self._ways)):
            rows = targets.argmax(1) == index
            if rows.any():
                hidden = self.network('discriminators', which)[source].encode(values[rows])
                outputs[rows] = self.network('generators', which)[target](hidden)
        return outputs[:, None]

    def reconstruct_values(self, values: Tensor, domains: Tensor, which: str = 'ema') -> Tensor:
        """Returns each image from its own features; ``domains`` (N, 2) are the images' domains, one-hot."""
        outputs = torch.empty_like(values)
        for index, name in enumerate(self.domains):
            rows = domains.argmax(1) == index
            if rows.any():
                hidden = self.network('discriminators', which)[name].encode(values[rows])
                outputs[rows] = self.network('generators', which)[name](hidden)
        return outputs

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """See :class:`DomainTranslator`."""
        return [self.network('generators', which), self.network('discriminators', which)]
