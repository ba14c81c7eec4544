"""What the methods that generate images from noise have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.calibration import calibrate_batch_norms
from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.losses import scores
from mmgentransfer.models.step_random import StepRandom

__all__ = ['GAN', 'along', 'sampling_mode']

STRAIGHT = 1e-4  # sine of the angle between two latents below which a great circle is a line


class GAN(AdversarialModel):
    """A critic against a generator of images.

    The loss terms are ``adversarial`` (both players), and for the critic ``gradient_penalty``, ``r1`` and ``drift``, as
    far as ``losses`` has them. A subclass says how latents are drawn and mapped to images.
    """

    players = dict(critic=['critic'], generator=['generator'])

    # ------------------------------------------------------------------ what a subclass defines

    num_classes = 0
    """Number of classes K that images are generated from, 0 for an unconditional model."""

    @property
    def latent_size(self) -> int:
        """Width of the noise that an image is made from."""
        raise NotImplementedError

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to images (N, C, S, S) in the preprocessor's value range.

        With ``num_classes`` it takes ``labels`` (N,) int64 after ``which``.
        """
        raise NotImplementedError

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the networks that :meth:`images_from` runs."""
        raise NotImplementedError

    # ------------------------------------------------------------------ before training

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks that real and generated images and the critic agree in shape, and the data's labels with the classes.

        Raises:
            ValueError: They don't; the message has what each of them has.
        """
        item = dataset[0]
        shapes = {f'{key}.dataset': tuple(item['images'].shape)}
        for name in self.network_names:
            network = getattr(self, name)
            network = network[0] if hasattr(network, '__getitem__') else network
            channels = getattr(network, 'out_channels', getattr(network, 'in_channels', None))
            side = getattr(network, 'image_size', None)
            if channels is not None and side is not None:
                shapes[f'model.networks.{name}'] = (channels, side, side)
        if len(set(shapes.values())) > 1:
            found = ', '.join(f'{name} {shape}' for name, shape in shapes.items())
            raise ValueError(
                f'the shapes of images (channels, height, width) differ: {found}; '
                'set image_size and the number of channels alike everywhere'
            )
        if not self.num_classes:
            return
        if 'labels' not in item:
            raise ValueError(
                f'the model has {self.num_classes} classes, but the images of {key}.dataset have no labels: '
                'take LabelledImageFolder, or Digits with labelled=True and relabel=True'
            )
        labels = getattr(dataset, 'labels', item['labels'])
        low, high = int(labels.min()), int(labels.max())
        if not 0 <= low <= high < self.num_classes:
            raise ValueError(
                f'{key}.dataset has labels from {low} to {high}, but the model has {self.num_classes} '
                f'classes, 0 to {self.num_classes - 1}: give the networks another num_classes, or the data set other '
                'labels (class_order of a LabelledImageFolder, relabel=True of Digits)'
            )

    # ------------------------------------------------------------------ losses

    def _fake_images(self, batch: Batch, player: str) -> Tensor:
        """Returns as many generated images as ``batch`` has real ones, for a move of ``player``."""
        return self.images_from(batch.random.normal(batch.size, self.latent_size))

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms (thesis eqs. 2.3 and 3.3) on real and freshly generated images."""
        real = batch['images']
        with torch.no_grad():
            fake = self._fake_images(batch, 'critic')
        if getattr(self.critic, 'mixes_images', False):  # a score that depends on its batch: one kind at a time
            real_scores, fake_scores = scores(self.critic(real)), scores(self.critic(fake))
        else:
            real_scores, fake_scores = scores(self.critic(torch.cat([real, fake]))).chunk(2)
        return self._critic_terms(batch, real, fake, real_scores, fake_scores)

    def _critic_terms(
        self,
        batch: Batch,
        real: Tensor,
        fake: Tensor,
        real_scores: Tensor,
        fake_scores: Tensor,
        critic: Callable[[Tensor], Any] | None = None,
    ) -> dict[str, Tensor]:
        """Returns the critic's terms; penalties on the gradient of ``critic`` are taken between ``real`` and ``fake``,
        and at ``real``.
        """
        terms = dict(adversarial=self.losses['adversarial'].critic(real_scores, fake_scores))
        if self.weight('gradient_penalty'):
            alpha = batch.random.uniform(real.shape[0])
            terms['gradient_penalty'] = self.losses['gradient_penalty'](critic or self.critic, real, fake, alpha)
        if self.weight('r1'):
            terms['r1'] = self.losses['r1'](critic or self.critic, real)
        if self.weight('drift'):
            terms['drift'] = self.losses['drift'](real_scores)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's term (thesis eqs. 2.4 and 3.4)."""
        fake = self._fake_images(batch, 'generator')
        return dict(adversarial=self.losses['adversarial'].generator(scores(self.critic(fake))))

    # ------------------------------------------------------------------ sampling

    def draw_noise(self, num: int, width: int, seed: int | tuple[int, ...] = 0) -> Tensor:
        """Returns (num, width) standard normal noise, made on the CPU: a seed means the same on every device."""
        counters = (seed,) if isinstance(seed, int) else tuple(seed)
        return StepRandom(*counters).normal(num, width).to(self._device)

    def draw_latents(self, num: int, seed: int | tuple[int, ...] = 0) -> Tensor:
        """Returns (num, latent_size) noise for :meth:`generate`."""
        return self.draw_noise(num, self.latent_size, seed)

    def balanced_labels(self, num: int, start: int = 0) -> Tensor:
        """Returns the labels (num,) that :meth:`sample` uses where it is given none: 0 .. K - 1 again and again.

        Args:
            num: How many.
            start: How many went before, e.g. in earlier batches.
        """
        if not self.num_classes:
            raise ValueError(f'this {type(self).__name__} is unconditional: its images have no labels')
        return torch.arange(start, start + num, device=self._device) % self.num_classes

    def check_labels(self, labels: Tensor | Sequence[int] | None, num: int) -> Tensor | None:
        """Returns ``num`` labels on the model's device: those given, else balanced ones; None without classes.

        Raises:
            ValueError: The labels are out of range or not ``num``, or the model has no classes.
        """
        if labels is None:
            return self.balanced_labels(num) if self.num_classes else None
        if not self.num_classes:
            raise ValueError(f'labels were given, but this {type(self).__name__} is unconditional')
        labels = torch.as_tensor(labels, dtype=torch.int64).to(self._device)
        if labels.shape != (num,):
            raise ValueError(f'{num} images need {num} labels, got labels of the shape {tuple(labels.shape)}')
        if num and not 0 <= int(labels.min()) <= int(labels.max()) < self.num_classes:
            raise ValueError(f'labels must lie in 0..{self.num_classes - 1}, got {sorted(set(labels.tolist()))}')
        return labels

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
        labels: Tensor | Sequence[int] | None = None,
    ) -> Tensor:
        """Maps latents to images without touching the model's state.

        Args:
            latents: (N, latent_size).
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            batch_statistics: Whether batch norms use the statistics of the generated batch (of ``batch_size``) instead
                of the running ones; then an image depends on its batch.
            batch_size: Images made at a time.
            labels: Classes (N,) in 0 .. num_classes - 1; None takes :meth:`balanced_labels`. With ``batch_statistics``
                a batch should mix the classes evenly, as in training: sort the images into classes afterwards.

        Returns:
            (N, C, S, S) float images in the preprocessor's value range.

        Raises:
            ValueError: The labels are out of range or not N, or the model is unconditional.
        """
        labels = self.check_labels(labels, len(latents))
        inputs = [latents] if labels is None else [latents, labels]
        parts = zip(*(tensor.split(batch_size) for tensor in inputs), strict=True)
        with sampling_mode(self.generating_networks(which), batch_statistics):
            return torch.cat([self.images_from(part, which, *classes) for part, *classes in parts])

    def sample(
        self,
        num: int,
        seed: int | tuple[int, ...] = 0,
        which: str = 'ema',
        batch_statistics: bool = False,
        batch_size: int = 100,
        labels: Tensor | Sequence[int] | None = None,
    ) -> np.ndarray:
        """Returns ``num`` generated images, uint8 (num, H, W, C) RGB; see :meth:`generate`.

        The labels of a model with classes are the ones given, else ``balanced_labels(num)``.
        """
        if num < 1:
            raise ValueError(f'the number of images to sample must be at least 1, got {num}')
        latents = self.draw_latents(num, seed)
        return self.to_pixels(self.generate(latents, which, batch_statistics, batch_size, labels))

    def calibrate_batch_norms(
        self, num_batches: int = 50, batch_size: int = 100, seed: int = 0, which: str = 'ema'
    ) -> None:
        """Estimates the running statistics of the generating networks' batch norms anew, from generated batches.

        Images with running statistics then are what ``batch_statistics=True`` gives on average, also where the running
        statistics were never updated, as those of the TransferGAN authors' models. Parameters stay as they are.

        Args:
            num_batches: Number of batches, which count equally.
            batch_size: Images of a batch; with classes, each comes equally often.
            seed: Of the latents.
            which: 'ema' calibrates the moving averages of networks that have them, 'live' the trained weights.

        Raises:
            ValueError: ``num_batches`` is below 1 or ``batch_size`` below 2, or there are no batch norms with running
                statistics.
        """
        if batch_size < 2:
            raise ValueError(f'calibration needs batch_size >= 2, got {batch_size}')

        def run(index: int) -> None:
            latents = self.draw_latents(batch_size, (seed, 2, index))
            labels = [self.balanced_labels(batch_size, index * batch_size)] if self.num_classes else []
            self.images_from(latents, which, *labels)

        calibrate_batch_norms(self.generating_networks(which), run, num_batches)

    def interpolate(
        self, start: Tensor, end: Tensor, steps: int = 8, mode: str = 'linear', label: int | None = None
    ) -> np.ndarray:
        """Returns images along the way between two latents, uint8 (steps, H, W, C).

        Args:
            start: (latent_size,) first latent.
            end: (latent_size,) last latent.
            steps: Number of images, both ends included.
            mode: 'linear', or 'slerp' along the great circle.
            label: Class of all the images, for a model with classes; 0 by default.
        """
        latents = along(start, end, steps, mode).to(self._device)
        if label is None and not self.num_classes:
            return self.to_pixels(self.generate(latents))
        return self.to_pixels(self.generate(latents, labels=[0 if label is None else label] * steps))


def along(start: Tensor, end: Tensor, steps: int, mode: str) -> Tensor:
    """Returns ``steps`` points (steps, d) from ``start`` (d,) to ``end``, 'linear' or 'slerp' along the great circle.

    Between parallel or opposite ends, and from 0, there is no one circle: the way is straight.

    Raises:
        ValueError: ``mode`` is neither.
    """
    weights = torch.linspace(0, 1, steps, device=start.device)[:, None]
    if mode not in ('linear', 'slerp'):
        raise ValueError(f"mode must be 'linear' or 'slerp', got {mode!r}")
    lengths = start.norm() * end.norm()
    angle = torch.acos((start.dot(end) / lengths).clamp(-1, 1)) if lengths else lengths
    if mode == 'linear' or torch.sin(angle) < STRAIGHT:
        return start + weights * (end - start)
    return (torch.sin((1 - weights) * angle) * start + torch.sin(weights * angle) * end) / torch.sin(angle)


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
