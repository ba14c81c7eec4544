"""What the methods that generate images from noise have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.losses import scores
from mmgentransfer.models.step_random import StepRandom

__all__ = ['GAN', 'sampling_mode']


class GAN(AdversarialModel):
    """A critic against a generator of images.

    The loss terms are ``adversarial`` (both players), and for the critic ``gradient_penalty`` and ``drift``, as far as
    ``losses`` has them. A subclass says how latents are drawn and mapped to images.
    """

    players = dict(critic=['critic'], generator=['generator'])

    # ------------------------------------------------------------------ what a subclass defines

    @property
    def latent_size(self) -> int:
        """Width of the noise that an image is made from."""
        raise NotImplementedError

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to images (N, C, S, S) in the preprocessor's value range."""
        raise NotImplementedError

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the networks that :meth:`images_from` runs."""
        raise NotImplementedError

    # ------------------------------------------------------------------ losses

    def _fake_images(self, num: int, random: StepRandom) -> Tensor:
        return self.images_from(random.normal(num, self.latent_size))

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms (thesis eqs. 2.3 and 3.3) on real and freshly generated images."""
        real = batch['images']
        with torch.no_grad():
            fake = self._fake_images(batch.size, batch.random)
        if getattr(self.critic, 'mixes_images', False):  # a score that depends on its batch: one kind at a time
            real_scores, fake_scores = scores(self.critic(real)), scores(self.critic(fake))
        else:
            real_scores, fake_scores = scores(self.critic(torch.cat([real, fake]))).chunk(2)
        terms = dict(adversarial=self.losses['adversarial'].critic(real_scores, fake_scores))
        if self.weight('gradient_penalty'):
            alpha = batch.random.uniform(batch.size)
            terms['gradient_penalty'] = self.losses['gradient_penalty'](self.critic, real, fake, alpha)
        if self.weight('drift'):
            terms['drift'] = self.losses['drift'](real_scores)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's term (thesis eqs. 2.4 and 3.4)."""
        fake = self._fake_images(batch.size, batch.random)
        return dict(adversarial=self.losses['adversarial'].generator(scores(self.critic(fake))))

    # ------------------------------------------------------------------ sampling

    def draw_noise(self, num: int, width: int, seed: int | tuple[int, ...] = 0) -> Tensor:
        """Returns (num, width) standard normal noise, made on the CPU: a seed means the same on every device."""
        counters = (seed,) if isinstance(seed, int) else tuple(seed)
        return StepRandom(*counters).normal(num, width).to(self._device)

    def draw_latents(self, num: int, seed: int | tuple[int, ...] = 0) -> Tensor:
        """Returns (num, latent_size) noise for :meth:`generate`."""
        return self.draw_noise(num, self.latent_size, seed)

    def to_pixels(self, images: Tensor) -> np.ndarray:
        """Maps float images (N, C, H, W) to uint8 (N, H, W, C) on the CPU."""
        return self.data_preprocessor.to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()

    @torch.no_grad()
    def generate(
        self,
        latents: Tensor,
        which: str = 'ema',
        batch_statistics: bool = False,
        batch_size: int = 100,
    ) -> Tensor:
        """Maps latents to images without touching the model's state.

        Args:
            latents: (N, latent_size).
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            batch_statistics: Whether batch norms use the statistics of the generated batch (of ``batch_size``) instead
                of the running ones; then an image depends on its batch.
            batch_size: Images made at a time.

        Returns:
            (N, C, S, S) float images in the preprocessor's value range.
        """
        with sampling_mode(self.generating_networks(which), batch_statistics):
            return torch.cat([self.images_from(part, which) for part in latents.split(batch_size)])

    def sample(
        self,
        num: int,
        seed: int | tuple[int, ...] = 0,
        which: str = 'ema',
        batch_statistics: bool = False,
        batch_size: int = 100,
    ) -> np.ndarray:
        """Returns ``num`` generated images, uint8 (num, H, W, C) RGB; see :meth:`generate`."""
        if num < 1:
            raise ValueError(f'the number of images to sample must be at least 1, got {num}')
        return self.to_pixels(self.generate(self.draw_latents(num, seed), which, batch_statistics, batch_size))

    def interpolate(self, start: Tensor, end: Tensor, steps: int = 8, mode: str = 'linear') -> np.ndarray:
        """Returns images along the way between two latents, uint8 (steps, H, W, C).

        Args:
            start: (latent_size,) first latent.
            end: (latent_size,) last latent.
            steps: Number of images, both ends included.
            mode: 'linear', or 'slerp' along the great circle.
        """
        weights = torch.linspace(0, 1, steps, device=start.device)[:, None]
        if mode == 'linear':
            latents = start + weights * (end - start)
        elif mode == 'slerp':
            cosine = (start / start.norm()).dot(end / end.norm()).clamp(-1 + 1e-7, 1 - 1e-7)
            angle = torch.acos(cosine)
            latents = (torch.sin((1 - weights) * angle) * start + torch.sin(weights * angle) * end) / torch.sin(angle)
        else:
            raise ValueError(f"mode must be 'linear' or 'slerp', got {mode!r}")
        return self.to_pixels(self.generate(latents.to(self._device)))


@contextmanager
def sampling_mode(networks: list[nn.Module], batch_statistics: bool = False) -> Iterator[None]:
    """Puts networks in eval mode, or in train mode with their buffers restored afterwards."""
    modules = [module for network in networks for module in network.modules()]
    modes = [module.training for module in modules]
    buffers = [b for network in networks for b in network.buffers()] if batch_statistics else []
    saved = [buffer.clone() for buffer in buffers]
    for network in networks:
        network.train(batch_statistics)
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for buffer, value in zip(buffers, saved, strict=True):
            buffer.copy_(value)
