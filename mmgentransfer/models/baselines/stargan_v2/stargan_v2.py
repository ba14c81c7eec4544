"""StarGAN v2: styles of domains, drawn or taken from examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.baselines.domain_checks import check_loss_names, check_sides
from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.models.game import Batch
from mmgentransfer.registry import MODELS

__all__ = ['StarGANv2']

_NEEDED = ('references', 'other_references', 'reference_labels')


@MODELS.register_module()
class StarGANv2(DomainTranslator):
    """StarGAN v2 for images with labels of their domain and reference images, see :class:`ReferenceImages`.

    Both players move twice in an iteration, once guided by latent codes and once by the references, whose domain is the
    target both times; the second move of the generator leaves the mapping network and the style encoder alone::

        moves=[
            dict(player='discriminator'),
            dict(player='discriminator', losses='reference_discriminator'),
            dict(player='generator'),
            dict(player='generator', losses='reference_generator', freeze=['mapping_network', 'style_encoder']),
        ]

    The loss terms are ``adversarial`` and, for the discriminator, ``r1``; for the generator ``style``, the style read
    back from a translation; ``diversity``, of two translations with different styles, which fades out
    (:class:`StyleDiversityLoss`); and ``cycle``, an image from its translation and its own style.

    Args:
        domains: The names of the domains, in the order of the labels.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generator``, ``mapping_network``, ``style_encoder``
            and ``discriminator``.

    Raises:
        ValueError: Networks don't fit each other or the domains, or a loss is missing or unknown.
    """

    players = dict(discriminator=['discriminator'], generator=['generator', 'mapping_network', 'style_encoder'])
    _iteration = 0

    def __init__(self, domains: Sequence[str], **kwargs: Any) -> None:
        super().__init__(domains, **kwargs)
        check_loss_names(self.losses, ['adversarial', 'style', 'cycle'], ['r1', 'diversity'])
        for name in ('mapping_network', 'style_encoder', 'discriminator'):
            found = getattr(self, name).num_domains
            if found != len(self.domains):
                raise ValueError(
                    f'model.networks.{name}.num_domains is {found}, but model.domains has {len(self.domains)} names'
                )
        widths = {name: getattr(self, name).style_dim for name in ('generator', 'mapping_network', 'style_encoder')}
        if len(set(widths.values())) > 1:
            raise ValueError(f'model.networks: style_dim must be the same everywhere, got {widths}')

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """See :class:`AdversarialModel`."""
        if key != 'train_dataloader':
            check_sides(dict(generator=self.generator), dataset, self.domains, key)
            return
        item = dataset[0]
        if missing := [name for name in ('labels', *_NEEDED) if name not in item]:
            raise ValueError(
                f'{key}.dataset, a {type(dataset).__name__}, has no {missing}: wrap labelled images as '
                "dict(type='ReferenceImages', dataset=...)"
            )
        if (classes := getattr(dataset, 'classes', ())) and list(classes) != self.domains:
            raise ValueError(
                f'model.domains are {self.domains}, but the classes of {key}.dataset, in the order of its labels, are '
                f'{list(classes)}'
            )

    # ------------------------------------------------------------------ training

    def train_step(self, data: dict, optim_wrapper: Any, iteration: int = 0, **options: Any) -> dict[str, Tensor]:
        """See :class:`AdversarialModel`."""
        self._iteration = iteration
        return super().train_step(data, optim_wrapper, iteration=iteration, **options)

    def _latent_styles(self, batch: Batch, num: int) -> list[Tensor]:
        targets = batch['reference_labels']
        codes = [batch.random.normal(len(targets), self.mapping_network.code_dim) for _ in range(num)]
        return [self.mapping_network(code, targets) for code in codes]

    def _reference_styles(self, batch: Batch, num: int) -> list[Tensor]:
        return [self.style_encoder(batch[key], batch['reference_labels']) for key in _NEEDED[:num]]

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's terms with styles of codes."""
        with torch.no_grad():
            (style,) = self._latent_styles(batch, 1)
        return self._discriminator_terms(batch, style)

    def reference_discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's terms with styles of references."""
        with torch.no_grad():
            (style,) = self._reference_styles(batch, 1)
        return self._discriminator_terms(batch, style)

    def _discriminator_terms(self, batch: Batch, style: Tensor) -> dict[str, Tensor]:
        real, labels, found = batch['images'], batch['labels'], []

        def score(images: Tensor) -> Tensor:
            found.append(self.discriminator(images, labels))
            return found[-1]

        with torch.no_grad():
            fake = self.generator(real, style)
        terms = {}
        if self.weight('r1'):
            terms['r1'] = self.losses['r1'](score, real)  # the scores of its pass serve the other term, too
        real_scores = found[0] if found else score(real)
        fake_scores = self.discriminator(fake, batch['reference_labels'])
        terms['adversarial'] = self.losses['adversarial'].critic(real_scores, fake_scores)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms with styles of codes."""
        return self._generator_terms(batch, self._latent_styles(batch, 2 if self.weight('diversity') else 1))

    def reference_generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms with styles of references."""
        return self._generator_terms(batch, self._reference_styles(batch, 2 if self.weight('diversity') else 1))

    def _generator_terms(self, batch: Batch, styles: list[Tensor]) -> dict[str, Tensor]:
        real, targets = batch['images'], batch['reference_labels']
        content = self.generator.encode(real)
        fake = self.generator.decode(content, styles[0])
        terms = dict(
            adversarial=self.losses['adversarial'].generator(self.discriminator(fake, targets)),
            style=self.losses['style'](self.style_encoder(fake, targets), styles[0]),
        )
        if self.weight('diversity'):
            with torch.no_grad():
                other = self.generator.decode(content, styles[1])
            terms['diversity'] = self.losses['diversity'](fake, other, self._iteration)
        own = self.style_encoder(real, batch['labels'])
        terms['cycle'] = self.losses['cycle'](self.generator(fake, own), real)
        return terms

    # ------------------------------------------------------------------ inference

    @property
    def code_dim(self) -> int:
        """See :class:`DomainTranslator`."""
        return self.mapping_network.code_dim

    def translate_values(
        self,
        values: Tensor,
        targets: Tensor,
        codes: Tensor | None,
        which: str = 'ema',
        references: Tensor | None = None,
    ) -> Tensor:
        """See :class:`DomainTranslator`; the content of an image is computed once for all its codes.

        ``references`` (K, C, H, W), values like the images', are images of the targets whose styles are taken in place
        of those of ``codes``.
        """
        labels, num = targets.argmax(1), len(values)
        if references is None:
            many = codes.shape[1]
            styles = self.network('mapping_network', which)(codes.flatten(0, 1), labels.repeat_interleave(many))
        else:
            many, encoder = len(references), self.network('style_encoder', which)
            styles = encoder.heads(encoder.features(references).repeat(num, 1), labels.repeat_interleave(many))
        generator = self.network('generator', which)
        content = generator.encode(values).repeat_interleave(many, dim=0)
        return generator.decode(content, styles).unflatten(0, (num, many))

    def translate_with_references(
        self, images: np.ndarray, references: np.ndarray, target: Target, which: str = 'ema'
    ) -> np.ndarray:
        """Translates images to a domain, in the styles of examples.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            references: uint8 (K, H, W, C), images of the target.
            target: As for :meth:`translate`.
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.

        Returns:
            uint8 (N, K, H, W, C), without N for a single image.

        Raises:
            ValueError: Images or references are no uint8 arrays of these shapes, or the target is unknown.
        """
        array = np.asarray(references)
        if array.dtype != np.uint8 or array.ndim != 4:
            raise ValueError(f'references are uint8 (K, H, W, C), got {array.dtype} {array.shape}')
        pixels = torch.from_numpy(np.ascontiguousarray(array)).movedim(-1, 1)
        values = self.data_preprocessor(dict(images=pixels))['images'].to(self._device)
        return self.translate(images, target, num_samples=len(array), which=which, references=values)

    def reconstruct_values(self, values: Tensor, domains: Tensor, which: str = 'ema') -> Tensor:
        """Returns each image from its content and its own style; ``domains`` (N, num_domains) are one-hot."""
        styles = self.network('style_encoder', which)(values, domains.argmax(1))
        return self.network('generator', which)(values, styles)

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """See :class:`DomainTranslator`."""
        return [self.network(name, which) for name in self.players['generator']]
