"""SDIT: one generator for all domains, and many outputs for an input (thesis chapter 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.registry import MODELS, suggest

from .checks import check_images, check_losses, check_networks, check_options

__all__ = ['SDIT']


@MODELS.register_module()
class SDIT(DomainTranslator):
    """Scalable and diverse translation of images with labels of their domain, (N,), or attributes, (N, C) of 0 and 1.

    Terms of both players: ``adversarial`` (thesis eq. 6.1); ``discriminator_domain``, on real images, and
    ``generator_domain``, on translations (eqs. 6.3 to 6.5); ``discriminator_latent`` and ``generator_latent``, the code
    as read back from translations (eq. 6.6). Of the discriminator alone: ``gradient_penalty``, through its scores; of
    the generator alone: ``reconstruction`` (eq. 6.7). A term of weight 0 is not computed. Without
    ``discriminator_latent`` the discriminator's code head keeps its first weights, and the generator learns to be read
    by it: the only pairing for weights as large as 800.

    Args:
        domains: The names of the C domains or attributes, in the order of the labels.
        cycle_code: Code of the way back in the reconstruction: 'same' as on the way there, or 'resample'.
        target_sampling: Targets in training: 'permute', the labels of the batch in another order, so that attributes
            are combined as they are in the data; 'uniform' over all domains; 'uniform_other' over those that the image
            is not of. The last two need domains that exclude each other.
        **kwargs: As :class:`DomainTranslator`; ``networks`` has ``generator`` and ``discriminator``. A loss that is
            None is left out.

    Raises:
        ValueError: A network has another number of domains or another width of the code, a name or an option is
            unknown, or a loss is missing or needs a part that there is not.
    """

    players = dict(discriminator=['discriminator'], generator=['generator'])

    def __init__(
        self,
        domains: Sequence[str],
        losses: dict[str, dict | None],
        cycle_code: Literal['same', 'resample'] = 'same',
        target_sampling: Literal['permute', 'uniform', 'uniform_other'] = 'permute',
        **kwargs: Any,
    ) -> None:
        check_losses(losses)
        super().__init__(domains, losses={name: cfg for name, cfg in losses.items() if cfg is not None}, **kwargs)
        check_options(self, cycle_code=cycle_code, target_sampling=target_sampling)
        check_networks(self)
        self.cycle_code = cycle_code
        self.target_sampling = target_sampling

    @property
    def exclusive(self) -> bool:
        """As ``model.losses.discriminator_domain.exclusive`` says."""
        return self.losses['discriminator_domain'].exclusive

    @property
    def code_dim(self) -> int | None:
        """Width Z of the code; None for a generator without a mapping."""
        return self.generator.code_dim

    @property
    def has_attention(self) -> bool:
        """Whether the generator has attention, see :class:`DomainTranslator`."""
        return self.generator.attention is not None

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks that images have the networks' size, and labels the domains' kind, number and order.

        Raises:
            ValueError: They don't.
        """
        check_images(self, dataset, key)

    # ------------------------------------------------------------------ training

    def _targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Returns the domains of the images and those that they are translated to, both (N, C)."""
        labels, num = batch['labels'], len(self.domains)
        own = self.domains_of(labels)
        if self.target_sampling == 'permute':
            return own, own[batch.random.uniform(len(own)).argsort()]
        if self.target_sampling == 'uniform':
            return own, self.domains_of(batch.random.integers(num, len(own)))
        return own, self.domains_of((labels + 1 + batch.random.integers(num - 1, len(own))) % num)

    def _codes_of(self, batch: Batch) -> Tensor | None:
        return None if self.code_dim is None else batch.random.normal(batch.size, self.code_dim)

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's terms; it is not trained to tell the domains of translations."""
        judge, losses, real = self.discriminator, self.losses, batch['images']
        own, target = self._targets(batch)
        codes = self._codes_of(batch)
        with torch.no_grad():
            fake = self.generator(real, target, codes)
        of_real, of_fake = judge.features(torch.cat([real, fake])).chunk(2)
        terms = {}
        if self.weight('adversarial'):
            terms['adversarial'] = losses['adversarial'].critic(judge.score_head(of_real), judge.score_head(of_fake))
        if self.weight('gradient_penalty'):
            alpha = batch.random.uniform(len(real))
            terms['gradient_penalty'] = losses['gradient_penalty'](judge.score, real, fake, alpha)
        if self.weight('discriminator_domain'):
            terms['discriminator_domain'] = losses['discriminator_domain'](judge.domain_head(of_real), own)
        if self.weight('discriminator_latent'):
            terms['discriminator_latent'] = losses['discriminator_latent'](judge.code_head(of_fake), codes)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms, and the mean and the spatial deviation of the attention, which are only logged."""
        generator, judge, losses, real = self.generator, self.discriminator, self.losses, batch['images']
        own, target = self._targets(batch)
        codes = self._codes_of(batch)
        style = generator.style(codes)
        features, attention = generator.encode(real, target)
        fake = generator.decode(features, attention, style)
        terms = {}
        if any(map(self.weight, ('adversarial', 'generator_domain', 'generator_latent'))):
            of_fake = judge.features(fake)
        if self.weight('adversarial'):
            terms['adversarial'] = losses['adversarial'].generator(judge.score_head(of_fake))
        if self.weight('generator_domain'):
            terms['generator_domain'] = losses['generator_domain'](judge.domain_head(of_fake), target)
        if self.weight('generator_latent'):
            terms['generator_latent'] = losses['generator_latent'](judge.code_head(of_fake), codes)
        if self.weight('reconstruction'):
            if self.cycle_code == 'resample':
                style = generator.style(self._codes_of(batch))
            back = generator.decode(*generator.encode(fake, own), style)
            terms['reconstruction'] = losses['reconstruction'](back, real)
        if attention is not None:
            values = attention.detach().float().flatten(2)
            terms.update(attention_mean=values.mean(), attention_deviation=values.std(2).mean())
        return terms

    # ------------------------------------------------------------------ inference

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns the generator."""
        return [self.network('generator', which)]

    def translate_values(
        self,
        values: Tensor,
        targets: Tensor,
        codes: Tensor | None = None,
        which: str = 'ema',
        attention: Tensor | float | None = None,
        style_steps: int | None = None,
        return_attention: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Translates images, see :meth:`DomainTranslator.translate_values`; an input is encoded once for all its codes.

        Args:
            values: As there.
            targets: As there.
            codes: As there.
            which: As there.
            attention: A map (N, A, s, s), or one that it can be broadcast to, in place of the generator's own.
            style_steps: ``codes`` are the ends (N, 2, Z) of a path of so many steps, straight in what the mapping makes
                of them.
            return_attention: Whether to return the maps (N, A, s, s) too, the generator's or those given.
        """
        generator = self.network('generator', which)
        features, maps = generator.encode(values, targets)
        if attention is not None:
            if maps is None:
                raise ValueError('attention was given, but model.networks.generator.attention is None')
            maps = torch.as_tensor(attention, dtype=maps.dtype, device=maps.device).expand_as(maps)
        images = self._decoded(generator, features, maps, codes, style_steps)
        return (images, maps) if return_attention else images

    @staticmethod
    def _decoded(
        generator: nn.Module, features: Tensor, maps: Tensor | None, codes: Tensor | None, style_steps: int | None
    ) -> Tensor:
        """Returns the images (N, K, C, H, W) of all codes, see :meth:`translate_values`."""
        if codes is None or generator.code_dim is None:
            return generator.decode(features, maps)[:, None]
        style = generator.style(codes.flatten(0, 1)).unflatten(0, codes.shape[:2])
        if style_steps is not None:
            if style.shape[1] != 2 or style_steps < 2:
                raise ValueError(
                    f'style_steps={style_steps} must be at least 2, between two codes; got {style.shape[1]} codes'
                )
            along = torch.linspace(0, 1, style_steps, device=style.device)[:, None]
            style = torch.lerp(style[:, :1], style[:, 1:], along)
        images = generator.decode(features, maps, style.flatten(0, 1))
        return images.unflatten(0, style.shape[:2])

    def reconstruct_values(self, values: Tensor, domains: Tensor, which: str = 'ema') -> Tensor:
        """Returns images (N, C, H, W) translated to the domains that they have, with the mean code, 0."""
        codes = None if self.code_dim is None else values.new_zeros(len(values), 1, self.code_dim)
        return self.translate_values(values, domains, codes, which)[:, 0]

    def edit(
        self,
        images: np.ndarray,
        labels: Any,
        attribute: str | Sequence[str],
        op: Literal['flip', 'set', 'unset'] = 'flip',
        **options: Any,
    ) -> np.ndarray:
        """Changes one attribute of images, or several, see :meth:`edited`, or translates them to a domain.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            labels: What they are: (N,) for domains, as names or numbers, (N, num_domains) for attributes.
            attribute: Its name, or names.
            op: 'flip', 'set' or 'unset'.
            **options: As :meth:`translate`.

        Returns:
            As :meth:`translate`.

        Raises:
            ValueError: A name or ``op`` is unknown, attributes exclude each other, or ``labels`` don't fit.
        """
        own = self._own(labels, 1 if np.ndim(images) == 3 else len(images))
        return self.translate(images, self.edit_vectors(own, attribute, op), **options)

    def attention_values(self, values: Tensor, targets: Tensor, which: str = 'ema') -> Tensor | None:
        """Returns the maps (N, A, s, s) of values (N, C, H, W) and targets (N, num_domains), or None."""
        return self.network('generator', which).encode(values, targets)[1]

    @torch.no_grad()
    def attention(self, images: np.ndarray, target: Target, which: str = 'ema', raw: bool = False) -> np.ndarray:
        """Returns where codes may act when images are translated to ``target``, in (0, 1) and not stretched.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            target: As :meth:`translate` takes it.
            which: As there.
            raw: Whether to return the maps (N, A, s, s) themselves, else their mean over channels at the images' size.

        Returns:
            float32 (N, H, W), or the raw maps; without N for a single image.

        Raises:
            ValueError: The generator has no attention.
        """
        self.check_attention()
        values = self.image_values(images)
        with sampling_mode(self.translating_networks(which)):
            maps = self.attention_values(values, self.target_vectors(target, len(values)), which).float()
        array = (maps if raw else self.attention_pixels(maps, values.shape[2:])).cpu().numpy()
        return array if np.ndim(images) == 4 else array[0]

    def interpolate_codes(
        self,
        images: np.ndarray,
        target: Target,
        code0: Any,
        code1: Any,
        steps: int = 11,
        mode: Literal['slerp', 'linear'] = 'slerp',
        space: Literal['z', 'cin'] = 'z',
        **options: Any,
    ) -> np.ndarray:
        """Translates images with codes on a path, see :meth:`DomainTranslator.interpolate_codes`.

        Args:
            images: As there.
            target: As there.
            code0: As there.
            code1: As there.
            steps: As there.
            mode: As there; a path in the space 'cin' is straight.
            space: 'z' for the space of codes, 'cin' for a line between what the mapping makes of the two.
            **options: As there.

        Returns:
            As there.

        Raises:
            ValueError: As there, or ``space`` is unknown.
        """
        if space not in ('z', 'cin'):
            raise ValueError(f"space={space!r} must be 'z' or 'cin'")
        path = self.code_path(code0, code1, steps, mode)
        if space == 'cin':
            return self.translate(images, target, codes=path[[0, -1]], style_steps=steps, **options)
        return self.translate(images, target, codes=path, **options)

    @torch.no_grad()
    def reconstruct(
        self, images: np.ndarray, labels: Any, target: Target, code: Any = None, seed: int = 0, which: str = 'ema'
    ) -> tuple[np.ndarray, np.ndarray]:
        """Translates images there and back with one code (thesis eq. 6.7).

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            labels: What they are: (N,) for domains, as names or numbers, (N, num_domains) for attributes.
            target: As :meth:`translate` takes it.
            code: (Z,), in place of one that is drawn.
            seed: Of the code.
            which: As :meth:`translate`.

        Returns:
            The translations and the reconstructions, both uint8 of the shape of ``images``.
        """
        values = self.image_values(images)
        codes = self._codes(None if code is None else np.asarray(code)[None], None, seed, len(values))
        with sampling_mode(self.translating_networks(which)):
            there = self.translate_values(values, self.target_vectors(target, len(values)), codes, which)[:, 0]
            back = self.translate_values(there, self._own(labels, len(values)), codes, which)[:, 0]
        pair = self.image_pixels(there), self.image_pixels(back)
        return pair if np.ndim(images) == 4 else (pair[0][0], pair[1][0])

    def _own(self, labels: Any, num: int) -> Tensor:
        """Returns users' labels of ``num`` images as vectors; those of a single image need no axis for it."""
        array = np.asarray(labels)
        if self.exclusive and array.dtype.kind in 'UO':
            for name in map(str, array.flat):
                if name not in self.domains:
                    raise ValueError(f'the label {name!r} is none of {self.domains}.{suggest(name, self.domains)}')
            array = np.vectorize(self.domains.index, otypes=[np.int64])(array)
        given = torch.as_tensor(array, device=self._device)
        given = given[None] if given.ndim == (0 if self.exclusive else 1) else given
        if len(given) != num:
            raise ValueError(f'{num} images need {num} labels, got {len(given)}')
        if self.exclusive and given.ndim == 1 and not 0 <= int(given.min()) <= int(given.max()) < len(self.domains):
            raise ValueError(f'labels={given.tolist()} must be names of {self.domains}, or their numbers from 0')
        return self.domains_of(given)
