"""StarGAN: one generator for all domains of images, or for attributes that are set or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.registry import MODELS, suggest

__all__ = ['StarGAN']

Domains = str | Sequence[str] | Mapping[str, Any] | Sequence[Sequence[float]]


@MODELS.register_module()
class StarGAN(AdversarialModel):
    """StarGAN for images with labels of their domain, (N,), or of their attributes, (N, C) of 0 and 1.

    Each image is translated to the domain of another one of the batch. The loss terms are ``adversarial`` and, for the
    critic, ``gradient_penalty``; ``domain`` for both, the classification of real images and of translations; and for
    the generator ``reconstruction``, each image from its translation.

    Args:
        domains: The names of the C domains or attributes, in the order of the labels.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generator`` and ``critic``.

    Raises:
        ValueError: A network has another number of domains, names are given twice, or a loss is missing.
    """

    players = dict(critic=['critic'], generator=['generator'])

    def __init__(self, domains: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.domains = list(domains)
        if len(self.domains) < 2 or len(set(self.domains)) < len(self.domains):
            raise ValueError(f'model.domains must be two or more different names, got {self.domains}')
        for name in ('generator', 'critic'):
            found = getattr(self, name).num_domains
            if found != len(self.domains):
                raise ValueError(
                    f'model.networks.{name}.num_domains is {found}, but model.domains has {len(self.domains)} names'
                )
        known = ['adversarial', 'gradient_penalty', 'domain', 'reconstruction']
        for name in self.losses:
            if name not in known:
                raise ValueError(f'model.losses has {name!r}, the method has {known}.{suggest(name, known)}')
        if missing := [name for name in ('adversarial', 'domain') if name not in self.losses]:
            raise ValueError(f'model.losses lacks {missing}')

    # ------------------------------------------------------------------ training

    @property
    def _exclusive(self) -> bool:
        return self.losses['domain'].exclusive

    def _domains_of(self, batch: Batch) -> Tensor:
        """Returns the domains of a batch's images as float vectors (N, C).

        Raises:
            ValueError: The labels are of another kind than ``model.losses.domain.exclusive`` says.
        """
        labels, num = batch['labels'], len(self.domains)
        if self._exclusive and labels.ndim == 1:
            return F.one_hot(labels, num).to(torch.float32)
        if not self._exclusive and labels.shape[1:] == (num,):
            return labels.to(torch.float32)
        raise ValueError(
            f'model.losses.domain.exclusive={self._exclusive} needs labels of the shape '
            f'{"(N,)" if self._exclusive else f"(N, {num})"}, got {tuple(labels.shape)}'
        )

    def _targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Returns the images' own domains and those that they are translated to, which are other images' own."""
        own = self._domains_of(batch)
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

    def target_vectors(self, target: Domains, num: int) -> Tensor:
        """Returns the vectors (num, C) that ``target`` stands for, see :meth:`translate`.

        Raises:
            ValueError: It names no domain, or is not for ``num`` images.
        """
        names = [target] if isinstance(target, str) else list(target)
        if names and all(isinstance(name, str) for name in names):
            for name in names:
                if name not in self.domains:
                    raise ValueError(f'the target {name!r} is none of {self.domains}.{suggest(name, self.domains)}')
            if self._exclusive and len(names) != 1:
                raise ValueError(f'domains exclude each other: an image has one, got {names}')
            on = dict.fromkeys(names, True) if not isinstance(target, Mapping) else target
            vector = [float(bool(on.get(name, False))) for name in self.domains]
            return torch.tensor(vector, device=self._device).expand(num, -1)
        vectors = torch.as_tensor(np.asarray(target), dtype=torch.float32, device=self._device)
        if vectors.shape != (num, len(self.domains)):
            raise ValueError(
                f'{num} images need target vectors of the shape ({num}, {len(self.domains)}), got '
                f'{tuple(vectors.shape)}'
            )
        return vectors

    @torch.no_grad()
    def translate(self, images: np.ndarray, target: Domains, which: str = 'ema') -> np.ndarray:
        """Translates images to a domain, or sets their attributes.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            target: A domain's name; for attributes the names of those that are set, or 0 or 1 by name; or a vector for
                each image, (N, C).
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.

        Returns:
            uint8 of the shape of ``images``.

        Raises:
            ValueError: The images are no uint8 arrays, or the target is unknown.
        """
        array = np.asarray(images)
        if array.dtype != np.uint8 or array.ndim not in (3, 4):
            raise ValueError(f'images are uint8 (H, W, C) or (N, H, W, C), got {array.dtype} {array.shape}')
        batch = torch.from_numpy(np.ascontiguousarray(array if array.ndim == 4 else array[None])).movedim(-1, 1)
        values = self.data_preprocessor(dict(images=batch))['images'].to(self._device)
        generator = self.network('generator', which)
        with sampling_mode([generator]):
            output = generator(values, self.target_vectors(target, len(values)))
        pixels = self.data_preprocessor.to_uint8(output).movedim(1, -1).cpu().numpy()
        return pixels if array.ndim == 4 else pixels[0]
