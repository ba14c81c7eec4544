"""The bare passes of NICE-GAN and StarGAN v2."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmgentransfer.apis.bare_game import BareGame

__all__ = ['BareNICEGAN', 'BareStarGANv2']


class BareNICEGAN(BareGame):
    """NICE-GAN: an image is encoded once in each move, by the discriminator that scores it too."""

    def discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminators on images and on translations."""
        model, total = self.model, 0.0
        with self.autocast():
            passed = {name: model.discriminators[name](batch[name]) for name in model.domains}
            for source, target in model._ways:
                with torch.no_grad():
                    fake = model.generators[target](passed[source][0])
                for parts in zip(passed[target][1], model.discriminators[target](fake)[1], strict=True):
                    total = total + model.losses['adversarial'].critic(*parts)
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The scores of translations, the way back, and images from their own features."""
        model, losses, total = self.model, self.model.losses, 0.0
        with self.autocast():
            hidden = {name: model.discriminators[name].encode(batch[name]) for name in model.domains}
            for source, target in model._ways:
                encoded, found = model.discriminators[target](model.generators[target](hidden[source]))
                back = model.generators[source]
                total = total + self.weighted(
                    adversarial=lambda found=found: sum(map(losses['adversarial'].generator, found)),
                    cycle=lambda back=back, x=encoded, y=batch[source]: losses['cycle'](back(x), y),
                    reconstruction=lambda back=back, x=hidden[source], y=batch[source]: losses['reconstruction'](
                        back(x), y
                    ),
                )
        return total


class BareStarGANv2(BareGame):
    """StarGAN v2: moves with styles of codes, and with those of references."""

    def discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminator, with the style of a code."""
        with self.autocast(), torch.no_grad():
            style = self._drawn(batch)
        return self._critic_terms(batch, style)

    def reference_discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminator, with the style of a reference."""
        with self.autocast(), torch.no_grad():
            style = self._read(batch, 'references')
        return self._critic_terms(batch, style)

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The generator, the mapping network and the style encoder, with styles of codes."""
        with self.autocast():
            styles = [self._drawn(batch) for _ in range(self._num_styles)]
            return self._generator_terms(batch, *styles)

    def reference_generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The generator, with styles of references."""
        with self.autocast():
            styles = [self._read(batch, key) for key in ('references', 'other_references')[: self._num_styles]]
            return self._generator_terms(batch, *styles)

    @property
    def _num_styles(self) -> int:
        return 2 if self.model.weight('diversity') else 1

    def _drawn(self, batch: dict[str, Any]) -> Tensor:
        labels, mapping = batch['reference_labels'], self.model.mapping_network
        return mapping(self.random.normal(len(labels), mapping.code_dim), labels)

    def _read(self, batch: dict[str, Any], key: str) -> Tensor:
        return self.model.style_encoder(batch[key], batch['reference_labels'])

    def _critic_terms(self, batch: dict[str, Any], style: Tensor) -> Tensor:
        model, losses, real = self.model, self.model.losses, batch['images']
        penalised = model.weight('r1') > 0
        with self.autocast():
            with torch.no_grad():
                fake = model.generator(real, style)
            with torch.autocast(self.device.type, enabled=self.amp and not penalised):
                real = real.detach().requires_grad_(penalised)
                of_real = model.discriminator(real, batch['labels'])
            total = losses['adversarial'].critic(of_real, model.discriminator(fake, batch['reference_labels']))
        if penalised:  # the pass that scores real images is that of the penalty
            (gradient,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            total = total + model.weight('r1') * gradient.square().flatten(1).sum(1).mean()
        return total

    def _generator_terms(self, batch: dict[str, Any], style: Tensor, other: Tensor | None = None) -> Tensor:
        model, losses, real = self.model, self.model.losses, batch['images']
        content = model.generator.encode(real)
        fake = model.generator.decode(content, style)

        def diversity() -> Tensor:
            with torch.no_grad():
                second = model.generator.decode(content, other)
            return losses['diversity'](fake, second, self.iteration)

        def cycle() -> Tensor:
            return losses['cycle'](model.generator(fake, model.style_encoder(real, batch['labels'])), real)

        targets = batch['reference_labels']
        return self.weighted(
            adversarial=lambda: losses['adversarial'].generator(model.discriminator(fake, targets)),
            style=lambda: losses['style'](model.style_encoder(fake, targets), style),
            diversity=diversity,
            cycle=cycle,
        )
