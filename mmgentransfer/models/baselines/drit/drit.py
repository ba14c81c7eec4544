"""DRIT: translation between two domains by a content that they share and a code of an image's attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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
from mmgentransfer.models.constraints import measure_constraints
from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.models.game import Batch
from mmgentransfer.models.losses.codes import CodeL2Loss
from mmgentransfer.models.losses.semantic import SemanticConstraintLoss
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

__all__ = ['DRIT']


@MODELS.register_module()
class DRIT(DomainTranslator):
    """DRIT between two domains, and DRIT++ with the term ``mode_seeking``.

    Contents of both domains are to be alike, which a discriminator of contents judges; the rest of an image is a code,
    N(0, I) over images. One half of a batch, the "encoded" images, is translated; the other half are the real images
    that the discriminators of translations with random codes see.

    In the original code two of three batches train the content discriminator alone, and the generator's third has two
    steps, of which the second, on random codes, leaves the attribute encoder alone. As moves of one iteration::

        moves=[
            dict(player='content_discriminator', repeat=3),
            dict(player='discriminator'),
            dict(player='generator'),
            dict(player='generator', losses='random_code', freeze=['attribute_encoder']),
        ]

    All terms are sums over the two domains. Of both steps: ``adversarial``, which is a sum over scales as well. Of the
    first: ``content``, against the content discriminator; ``cross_cycle``, the images after two translations that
    exchange codes; ``reconstruction``, from an image's own content and code; ``attribute``, of codes (a
    :class:`GaussianKLLoss`, or a :class:`CodeL2Loss` if the encoder gives no Gaussian); ``content_code``, of contents.
    Of the second: ``latent_regression``, a random code from its translation, and ``mode_seeking``, on translations with
    two codes. ``semantic``, an optional term of both, is a :class:`SemanticConstraintLoss`.

    Args:
        domains: The names of the two domains.
        networks: Configs of ``content_encoder``, ``attribute_encoder`` and
            ``generator``, each for both domains; ``content_discriminator``; and ``discriminators`` of translations with
            an image's code and ``random_discriminators`` of those with random ones, dicts by domain, or one config for
            both.
        **kwargs: As :class:`AdversarialModel`.

    Raises:
        ValueError: There are not two domains, networks and losses don't fit, or a loss is missing or unknown.
    """

    players = dict(
        content_discriminator=['content_discriminator'],
        discriminator=['discriminators', 'random_discriminators'],
        generator=['content_encoder', 'attribute_encoder', 'generator'],
    )

    def __init__(self, domains: Sequence[str], networks: Mapping[str, Any], **kwargs: Any) -> None:
        both = dict(networks)
        for name in ('discriminators', 'random_discriminators'):
            if 'type' in both.get(name, {}):
                both[name] = dict.fromkeys(domains, both[name])
        super().__init__(domains, networks=both, **kwargs)
        check_two_domains('DRIT', self.domains)
        needed = ['adversarial', 'content', 'cross_cycle', 'reconstruction', 'attribute', 'content_code']
        check_loss_names(self.losses, [*needed, 'latent_regression'], ['mode_seeking', 'semantic'])
        for name in ('discriminators', 'random_discriminators'):
            check_members(f'model.networks.{name}', getattr(self, name), self.domains)
        channels = self.content_encoder.out_channels
        for name in ('generator', 'content_discriminator'):
            if getattr(self, name).in_channels != channels:
                raise ValueError(
                    f'model.networks.{name} takes contents of {getattr(self, name).in_channels} channels, but those of '
                    f'model.networks.content_encoder have {channels}'
                )
        if self.attribute_encoder.code_size != self.generator.code_size:
            raise ValueError(
                f'model.networks.attribute_encoder.code_size is {self.attribute_encoder.code_size}, but that of '
                f'model.networks.generator is {self.generator.code_size}'
            )
        if self.attribute_encoder.gaussian == isinstance(self.losses['attribute'], CodeL2Loss):
            raise ValueError(
                f'model.losses.attribute is a {type(self.losses["attribute"]).__name__}, but '
                f'model.networks.attribute_encoder.gaussian is {self.attribute_encoder.gaussian}: take a '
                'GaussianKLLoss for Gaussians, else a CodeL2Loss'
            )

        if 'semantic' in self.losses:
            self._check_constraint(self.losses['semantic'])

    def _check_constraint(self, loss: nn.Module) -> None:
        if not isinstance(loss, SemanticConstraintLoss):
            raise ValueError(f'model.losses.semantic is a {type(loss).__name__}, it must be a SemanticConstraintLoss')
        first, second = self.domains
        known = [f'{first}_to_{second}', f'{second}_to_{first}']
        if loss.directions is not None and (not loss.directions or set(loss.directions) - set(known)):
            raise ValueError(f'model.losses.semantic.directions={loss.directions} must be some of {known}, or None')
        if loss.value_range != self.data_preprocessor.value_range:
            raise ValueError(
                f'model.losses.semantic.value_range={loss.value_range} must be that of model.data_preprocessor, '
                f'{self.data_preprocessor.value_range}'
            )

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks domains and sides and, before training, measures the scale of the constraint, if there is one.

        Raises:
            FileNotFoundError: The weights of the constraint's network are missing.
            ValueError: A domain is missing, images have another side than the networks are for, or the constraint can't
                be measured.
        """
        check_unpaired(dataset, self.domains, key)
        check_sides({'content_encoder': self.content_encoder}, dataset, self.domains, key)
        if key == 'train_dataloader':
            sides, wanted = dataset[0][self.domains[0]].shape[-2:], self.content_discriminator.content_size
            if (crop := getattr(self.data_preprocessor, 'random_crop', None)) is not None:
                sides = (crop, crop)
            if {side / self.content_encoder.input_multiple for side in sides} != {wanted}:
                raise ValueError(
                    f'{key}.dataset has images of {sides[0]}x{sides[1]}, of which the contents are '
                    f'{self.content_encoder.input_multiple} times smaller, but '
                    f'model.networks.content_discriminator.content_size is {wanted}'
                )
            measure_constraints(self, [name for name in self.losses if name == 'semantic'], dataset)

    # ------------------------------------------------------------------ training

    def _halves(self, batch: Batch) -> tuple[list[Tensor], list[Tensor]]:
        """Returns the encoded images of each domain, and the others.

        Raises:
            ValueError: The batch can't be halved.
        """
        images = [batch[name] for name in self.domains]
        num = len(images[0])
        if num % 2:
            raise ValueError(
                f'an update of a DRIT takes {num} images of each domain, which can not be halved: '
                'train_dataloader.batch_size must be a multiple of twice the largest repeat of model.moves'
            )
        return [x[: num // 2] for x in images], [x[num // 2 :] for x in images]

    def _contents(self, images: Sequence[Tensor], random: StepRandom) -> list[Tensor]:
        return [self.content_encoder(x, domain, random) for domain, x in enumerate(images)]

    def _code(self, images: Tensor, domain: int, random: StepRandom) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Returns a code of each image of a domain, drawn from its Gaussian if it has one, and what it is made of."""
        mean, log_variance = self.attribute_encoder(images, domain)
        if log_variance is None:
            return mean, (mean,)
        noise = random.normal(*mean.shape).to(mean.dtype)
        return mean + (log_variance / 2).exp() * noise, (mean, log_variance)

    def _random_codes(self, num: int, random: StepRandom) -> list[list[Tensor]]:
        """Returns random codes (num, Z) for each domain: one, or two if modes are sought."""
        size = 2 if self.weight('mode_seeking') else 1
        return [[random.normal(num, self.generator.code_size) for _ in range(size)] for _ in self.domains]

    def _generate(self, contents: Sequence[Tensor], codes: Sequence[Tensor], domain: int) -> list[Tensor]:
        """Returns images of a domain for each pair of contents and codes, in one pass."""
        return list(self.generator(torch.cat(list(contents)), torch.cat(list(codes)), domain).chunk(len(codes)))

    def _semantic(self, fakes: Sequence[Sequence[Tensor]], images: Sequence[Tensor]) -> Tensor:
        """Returns the constraint on translations to each domain, one or two of each image of the other."""
        loss, pairs = self.losses['semantic'], []
        for target, made in enumerate(fakes):
            if loss.applies_to(self.domains[1 - target], self.domains[target]):
                pairs += [(images[1 - target], fake) for fake in made]
        return _sum(loss.each(*map(list, zip(*pairs, strict=True))))

    def content_discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The content discriminator's term."""
        images, _ = self._halves(batch)
        with torch.no_grad():
            contents = self._contents(images, batch.random)
        return dict(content=self.losses['content'].critic(*map(self.content_discriminator, contents)))

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The term of the discriminators of images."""
        images, others = self._halves(batch)
        with torch.no_grad():
            contents = self._contents(images, batch.random)
            randoms = self._random_codes(len(images[0]), batch.random)
            fakes = []
            for domain in range(2):
                codes = [self._code(images[domain], domain, batch.random)[0], *randoms[domain]]
                fakes.append(self._generate([contents[1 - domain]] * len(codes), codes, domain))
        loss, parts = self.losses['adversarial'], []
        for domain, name in enumerate(self.domains):
            encoded, *random = fakes[domain]
            for network, real, made in (
                (self.discriminators[name], images[domain], [encoded]),
                (self.random_discriminators[name], others[domain], random),
            ):
                real_scores = network(real)
                for fake in made:
                    parts += [loss.critic(r, f) for r, f in zip(real_scores, network(fake), strict=True)]
        return dict(adversarial=_sum(parts))

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the generator's first step, in which all codes are images' own."""
        images, _ = self._halves(batch)
        contents = self._contents(images, batch.random)
        parts: dict[str, list[Tensor]] = {name: [] for name in ('reconstruction', 'attribute', 'cross_cycle')}
        codes, fakes = [], []
        for domain in range(2):
            code, statistics = self._code(images[domain], domain, batch.random)
            fake, own = self._generate([contents[1 - domain], contents[domain]], [code, code], domain)
            parts['attribute'].append(self.losses['attribute'](*statistics))
            parts['reconstruction'].append(self.losses['reconstruction'](own, images[domain]))
            codes.append(code)
            fakes.append(fake)
        for domain in range(2):  # the fake of the other domain has this one's content, its own fake the code
            content = self.content_encoder(fakes[1 - domain], 1 - domain, batch.random)
            code, _ = self._code(fakes[domain], domain, batch.random)
            parts['cross_cycle'].append(
                self.losses['cross_cycle'](self.generator(content, code, domain), images[domain])
            )
        terms = {name: _sum(values) for name, values in parts.items()}
        terms['adversarial'] = self._fooling(self.discriminators, [[fake] for fake in fakes])
        terms['content'] = self.losses['content'].generator(*map(self.content_discriminator, contents))
        terms['content_code'] = _sum([self.losses['content_code'](content) for content in contents])
        if self.weight('semantic'):
            terms['semantic'] = self._semantic([[fake] for fake in fakes], images)
        return terms

    def random_code_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the generator's second step, in which codes are random."""
        images, _ = self._halves(batch)
        contents = self._contents(images, batch.random)
        codes = self._random_codes(len(images[0]), batch.random)
        fakes = [self._generate([contents[1 - d]] * len(codes[d]), codes[d], d) for d in range(2)]
        means = [self.attribute_encoder(fakes[d][0], d)[0] for d in range(2)]
        terms = dict(
            adversarial=self._fooling(self.random_discriminators, fakes),
            latent_regression=_sum([self.losses['latent_regression'](means[d], codes[d][0]) for d in range(2)]),
        )
        if self.weight('mode_seeking'):
            terms['mode_seeking'] = _sum([self.losses['mode_seeking'](fakes[d], codes[d]) for d in range(2)])
        if self.weight('semantic'):
            terms['semantic'] = self._semantic(fakes, images)
        return terms

    def _fooling(self, discriminators: nn.ModuleDict, fakes: Sequence[Sequence[Tensor]]) -> Tensor:
        scores = [discriminators[name](fake) for name, made in zip(self.domains, fakes, strict=True) for fake in made]
        return _sum([self.losses['adversarial'].generator(part) for parts in scores for part in parts])

    # ------------------------------------------------------------------ inference

    @property
    def code_dim(self) -> int:
        """Width Z of the code of an image's attributes."""
        return self.generator.code_size

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """See :class:`DomainTranslator`."""
        return [self.network(name, which) for name in ('content_encoder', 'attribute_encoder', 'generator')]

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None, which: str = 'ema', **options: Any
    ) -> Tensor:
        """See :class:`DomainTranslator`; an image's source is the other domain than its target, and no options."""
        if options:
            raise ValueError(f'DRIT.translate has no such options: {sorted(options)}')
        encoder, generator = self.network('content_encoder', which), self.network('generator', which)
        num = codes.shape[1]
        outputs = values.new_empty(len(values), num, *values.shape[1:])
        for domain in range(2):
            rows = targets.argmax(1) == domain
            if rows.any():
                contents = encoder(values[rows], 1 - domain).repeat_interleave(num, 0)
                images = generator(contents, codes[rows].flatten(0, 1), domain)
                outputs[rows] = images.unflatten(0, (-1, num)).to(outputs.dtype)
        return outputs

    def translate(
        self, images: np.ndarray, target: Target, *args: Any, style_from: np.ndarray | None = None, **kwargs: Any
    ) -> np.ndarray:
        """Translates images to the other domain; see :class:`DomainTranslator`.

        Args:
            images: As there.
            target: As there.
            *args: As there.
            style_from: In place of ``num_samples`` or ``codes``, images of the target whose codes are taken, uint8
                (K, H, W, C) or one (H, W, C); ``target`` is a name then.
            **kwargs: As there.

        Raises:
            ValueError: An argument has another form, or codes are given twice.
        """
        if style_from is not None:
            if args or kwargs.keys() & {'num_samples', 'codes'} or target not in self.domains:
                raise ValueError(
                    f'style_from gives the codes: leave num_samples and codes out, and name a target of {self.domains}'
                )
            kwargs['codes'] = self.styles_of(style_from, target, kwargs.get('which', 'ema'))
        return super().translate(images, target, *args, **kwargs)

    @torch.no_grad()
    def styles_of(self, images: np.ndarray, domain: str, which: str = 'ema') -> np.ndarray:
        """Returns the codes float32 (N, Z), the Gaussians' means, of images of a domain, uint8 ([N, ]H, W, C)."""
        encoder = self.network('attribute_encoder', which)
        with sampling_mode([encoder]):
            codes, _ = encoder(self.image_values(images), self.domains.index(domain))
        return codes.float().cpu().numpy()

    def reconstruct_values(self, values: Tensor, sources: Tensor, which: str = 'ema') -> Tensor:
        """Returns images from their own contents and codes; ``sources`` (N, 2) are their domains, one-hot."""
        encoder, attributes, generator = self.translating_networks(which)
        outputs = torch.empty_like(values)
        for domain in range(2):
            rows = sources.argmax(1) == domain
            if rows.any():
                codes, _ = attributes(values[rows], domain)
                outputs[rows] = generator(encoder(values[rows], domain), codes, domain).to(outputs.dtype)
        return outputs


def _sum(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(parts)).sum()
