"""MineGAN: find the useful region of frozen generators' latent spaces, then fine-tune (thesis chapter 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.losses import scores
from mmgentransfer.models.methods.gan import GAN, along, sampling_mode
from mmgentransfer.models.miners import SharedTrunkMiners
from mmgentransfer.models.mining import (
    Latents,
    by_choice,
    check_networks,
    check_sharing,
    generate,
    repeatable,
    sampled_style,
    trained_style,
)
from mmgentransfer.models.prior import build_prior
from mmgentransfer.models.selectors import AmortizedSelector
from mmgentransfer.registry import MODELS

__all__ = ['MineGAN']


@MODELS.register_module()
class MineGAN(GAN):
    """Miners in front of pre-trained generators, against one critic (thesis eqs. 3.3 to 3.6).

    With ``stages=[dict(name='mine', iters=..., train=['miners', 'critic']), dict(name='finetune', iters=...)]`` the
    generators are frozen (parameters, running statistics and all) while the miners learn, and are released afterwards.
    The first stage alone is 'MineGAN without fine-tuning'.

    Several generators: each has a miner and a noise of its own. Every training step makes one image with each of them
    for each real image, a *supersample*; the best-scored image of a supersample stands for it in every loss and in the
    gradient penalty, and it alone receives gradients. How often a generator wins is learned by the selector, which
    decides, image by image, who generates a sample. A generator that wins nothing in an update is not moved by it.

    A conditional generator with a class embedding (BigGAN) has a :class:`ConditionalMiner`, whose second output takes
    the place of the embedding of a label. Any other can be mined as a :class:`OneHotGeneratorFamily`, which stands for
    the list of generators, one for each class. The result is unconditional.

    Variants that the thesis's code has: :class:`SharedTrunkMiners` in place of the list of miners, one noise for all of
    them (``shared_noise``), and with both an :class:`AmortizedSelector`, which needs the term ``losses.selector``, an
    :class:`AuxiliaryClassifierLoss`. A :class:`StyleMiner` mines a style-based generator.

    Args:
        selector: Config of the selector, with several generators; None: :class:`FrequencySelector`.
        reduction: 'max' as above; 'mean' averages each supersample's scores over the generators, the thesis's
            unsatisfactory alternative.
        shared_noise: Whether all miners take the same noise u; by default each has noise of its own.
        prior: Config of the distribution of u, a :class:`NormalPrior`, or a list with one for each miner; None:
            standard normal.
        source_prior: The same for z of the generators as they are, which ``sample(use_miner=False)`` draws.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generators`` and ``miners``, lists of the same
            length, and ``critic``, which may start from any of the sources.

    Raises:
        ValueError: There is not one miner for each generator, a miner's output is not what its generator takes,
            generators differ in the shape of their images, there is a selector but one generator, the variants don't
            go together, or ``reduction`` is unknown.
    """

    players = dict(critic=['critic'], generator=['miners', 'generators'])

    def __init__(
        self,
        selector: dict[str, Any] | None = None,
        reduction: Literal['max', 'mean'] = 'max',
        shared_noise: bool = False,
        prior: dict[str, Any] | list[dict[str, Any] | None] | None = None,
        source_prior: dict[str, Any] | list[dict[str, Any] | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_networks(self.miners, self.generators)
        if reduction not in ('max', 'mean'):
            raise ValueError(f"model.reduction must be 'max' or 'mean', got {reduction!r}")
        self.reduction = reduction
        self.shared_noise = shared_noise
        self.priors = self._build_priors('prior', prior, [miner.in_features for miner in self.miners])
        self.source_priors = self._build_priors('source_prior', source_prior, [g.noise_size for g in self.generators])
        self.selector = None
        if selector is not None or self.num_generators > 1:
            cfg = dict(selector or dict(type='FrequencySelector'))
            self.selector = MODELS.build({**cfg, 'num_generators': self.num_generators})
        check_sharing(self.miners, self.selector, shared_noise, prior, list(self.losses))

    def _build_priors(self, key: str, cfg: dict | list | None, widths: list[int]) -> nn.ModuleList:
        cfgs = list(cfg) if isinstance(cfg, (list, tuple)) else [cfg] * len(widths)
        if len(cfgs) != len(widths):
            raise ValueError(f'model.{key} has {len(cfgs)} distributions, but there are {len(widths)} generators')
        return nn.ModuleList(build_prior(item, width) for item, width in zip(cfgs, widths, strict=True))

    @property
    def num_generators(self) -> int:
        """Number of generators N."""
        return len(self.generators)

    # ------------------------------------------------------------------ losses

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms (thesis eqs. 3.3 and 3.5); no graph reaches the miners and the generators."""
        if self._winners_suffice:
            return super().critic_losses(batch)
        real = batch['images']
        with torch.no_grad():
            fakes = self._supersamples(batch)
        real_scores, matrix = scores(self.critic(real)), self.score_supersamples(fakes)
        winners = self._winners(batch, matrix, 'critic')
        if self.reduction == 'mean':
            everything = real.repeat(self.num_generators, 1, 1, 1), torch.cat(fakes)
            return self._critic_terms(batch, *everything, real_scores, matrix.mean(1))
        fake = by_choice(winners, lambda i, index: fakes[i][index])
        return self._critic_terms(batch, real, fake, real_scores, _pick(matrix, winners))

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The miners' and the generators' term (thesis eqs. 3.4 and 3.6).

        Logged beside it: the mean of the mined latents' absolute values (``z_abs``) and the share of them beyond 3
        (``z_beyond_3``; standard normal: 0.80 and 0.0027), over all generators, and several generators' p.
        """
        if self._winners_suffice:
            terms = super().generator_losses(batch)
        else:
            matrix = self.score_supersamples(self._supersamples(batch))
            winners = self._winners(batch, matrix, 'generator')
            reduced = matrix.mean(1) if self.reduction == 'mean' else _pick(matrix, winners)
            terms = dict(adversarial=self.losses['adversarial'].generator(reduced))
        if isinstance(self.selector, AmortizedSelector):
            logits = self.miners.logits(batch['noise'])
            terms['selector'] = self.selector.loss(logits, batch['winners'], self.losses['selector'])
        # what follows is no term of the loss: its weight is 0
        size = torch.cat([_z_of(latents).detach().flatten() for latents in batch['latents']]).abs()
        terms |= dict(z_abs=size.mean(), z_beyond_3=(size > 3).float().mean())
        if self.selector is not None:
            terms |= {f'p{i}': p for i, p in enumerate(self.selector.probabilities.unbind())}
        return terms

    @property
    def _winners_suffice(self) -> bool:
        """Whether the winners' images give the losses: then the game is that of one generator which makes them."""
        return self.num_generators == 1 or (self.reduction == 'max' and not getattr(self.critic, 'mixes_images', False))

    def score_supersamples(self, images: list[Tensor]) -> Tensor:
        """Scores the images (K, C, S, S) of each of N generators, one call of the critic for each; (K, N)."""
        return torch.stack([scores(self.critic(part)) for part in images], dim=1)

    def _mine(self, batch: Batch) -> list[Latents]:
        """Returns each generator's latents, mined from noise of its own, or from one noise for all."""
        num, random = batch.size, batch.random

        def draw(i: int) -> Tensor:
            return self.priors[i](random.normal(num, self.miners[i].in_features))

        if self.shared_noise:
            batch['noise'] = u = draw(0)
            shared_trunk = isinstance(self.miners, SharedTrunkMiners)
            latents = self.miners(u) if shared_trunk else [miner(u) for miner in self.miners]
        else:
            latents = [miner(draw(i)) for i, miner in enumerate(self.miners)]
        batch['latents'] = latents = [
            trained_style(z, self.miners[i], generator, partial(draw, i), random)
            for i, (z, generator) in enumerate(zip(latents, self.generators, strict=True))
        ]
        return latents

    def _supersamples(self, batch: Batch) -> list[Tensor]:
        latents = self._mine(batch)
        return [generate(generator, z) for generator, z in zip(self.generators, latents, strict=True)]

    def _winners(self, batch: Batch, matrix: Tensor, player: str) -> Tensor:
        """Returns the index (K,) of each supersample's winner, and lets the selector know."""
        batch['winners'] = winners = matrix.detach().argmax(1)
        self.selector.record(player, winners)
        return winners

    def _fake_images(self, batch: Batch, player: str) -> Tensor:
        """Returns each supersample's winning image, with a graph to the winners alone if gradients are enabled."""
        latents = self._mine(batch)
        if self.num_generators == 1:
            return generate(self.generators[0], latents[0])
        # A second pass of the winners alone takes less memory than a graph of all, if it makes the same images again.
        again = torch.is_grad_enabled() and all(repeatable(generator) for generator in self.generators)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not again):
            images = [generate(generator, z) for generator, z in zip(self.generators, latents, strict=True)]
        with torch.no_grad():
            winners = self._winners(batch, self.score_supersamples([part.detach() for part in images]), player)
        torch.clear_autocast_cache()  # in older PyTorch it holds weights that were cast without a graph
        if again:
            return by_choice(winners, lambda i, index: generate(self.generators[i], latents[i], index))
        return by_choice(winners, lambda i, index: images[i][index])

    # ------------------------------------------------------------------ sampling

    @property
    def latent_size(self) -> int:
        """Width of the noise of an image: the miner's u, with several generators the widest, after the choice's."""
        widest = max(miner.in_features for miner in self.miners)
        return widest if self.num_generators == 1 else 1 + widest

    def choose_generators(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Returns which generator makes the image of each of ``latents`` (N, latent_size): (N,) int64 on the CPU.

        It follows from a latent's first number and the selector's present p; with an :class:`AmortizedSelector` from
        the miners' noise.
        """
        if self.selector is None:
            return torch.zeros(latents.shape[0], dtype=torch.int64)
        if isinstance(self.selector, AmortizedSelector):
            logits = self.network('miners', which).logits(self.priors[0](latents[:, 1:]))
            return self.selector.choose_by(logits, latents[:, 0])
        return self.selector.choose(latents[:, 0])

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps noise (N, latent_size) to images G(M(u)) (N, C, S, S).

        With several generators the first number of a latent says, through p, which generator makes its image; its
        miner takes as many of the others as it needs. The generators' images are normalised apart from each other.
        """
        noise = latents if self.num_generators == 1 else latents[:, 1:]
        return self._images(noise, self.choose_generators(latents, which), which)

    def _images(self, noise: Tensor, choices: Tensor, which: str, unmined: Tensor | None = None) -> Tensor:
        """Maps noise (N, d), of which each generator takes what it needs, to images of the generators ``choices``.

        With ``unmined``, the images' positions (N,) in a sample, the miners are left out.
        """
        generators = self.network('generators', which)

        def images_of(i: int, index: Tensor | slice) -> Tensor:
            latents = self._latents(i, noise[index], which, None if unmined is None else unmined[index])[1]
            return generate(generators[i], sampled_style(latents, generators[i]))

        if self.num_generators == 1:
            return images_of(0, slice(None))
        return by_choice(choices.to(noise.device), images_of)

    def _latents(self, i: int, noise: Tensor, which: str, unmined: Tensor | None) -> tuple[Tensor, Latents]:
        """Returns the noise that a miner takes of ``noise``, and its latents; without the miner twice the source's."""
        if unmined is None:
            miner = self.network('miners', which)[i]
            u = self.priors[i](noise[:, : miner.in_features])
            return u, miner(u)
        z = self.source_priors[i](noise[:, : self.generators[i].noise_size])
        num_classes = getattr(self.generators[i], 'num_classes', 0)
        return z, (z, unmined % num_classes) if num_classes else z

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the miners and the generators."""
        return [self.network('miners', which), self.network('generators', which)]

    @torch.no_grad()
    def sample(
        self,
        num: int,
        seed: int | tuple[int, ...] = 0,
        which: str = 'ema',
        batch_statistics: bool = False,
        batch_size: int = 100,
        labels: Tensor | Sequence[int] | None = None,
        generator_index: int | None = None,
        use_miner: bool = True,
        return_info: bool = False,
    ) -> np.ndarray | tuple[np.ndarray, dict[str, Any]]:
        """Returns ``num`` generated images, uint8 (num, H, W, C) RGB; see :meth:`generate`.

        Args:
            num: Number of images.
            seed: Fixes the noise.
            which: 'ema' or 'live' weights.
            batch_statistics: As :meth:`generate` takes.
            batch_size: Images made at a time.
            labels: Must be None: the result of mining is unconditional.
            generator_index: The generator that makes all of them; None draws one for each image by p.
            use_miner: Whether the miners are used; without them generators get noise of ``source_prior``, and those
                with a class embedding the classes 0 to K - 1 again and again. The images of one generator then are
                those that the source model samples with this seed.
            return_info: Whether to return how they came about too.

        Returns:
            The images; with ``return_info`` a pair of them and a dict of ``generator`` (num,), each image's generator
            s, and the lists ``u`` and ``z`` of the noise and the latents of each.

        Raises:
            ValueError: ``num`` is not positive, there is no such generator, or labels are given.
        """
        if num < 1:
            raise ValueError(f'the number of images to sample must be at least 1, got {num}')
        self.check_labels(labels, num)
        with sampling_mode(self.generating_networks(which), batch_statistics):
            noise, choices = self._draw(num, seed, which, generator_index, use_miner)
            unmined = None if use_miner else torch.arange(num, device=noise.device)
            images = self.to_pixels(
                torch.cat(
                    [
                        self._images(noise[part], choices[part], which, None if unmined is None else unmined[part])
                        for part in (slice(start, start + batch_size) for start in range(0, num, batch_size))
                    ]
                )
            )
            return (images, self._info(noise, choices, which, unmined)) if return_info else images

    def _info(self, noise: Tensor, choices: Tensor, which: str, unmined: Tensor | None) -> dict[str, Any]:
        """Returns the generator, the noise and the latent z of each image of a sample."""
        info: dict[str, Any] = dict(generator=choices.numpy(), u=[None] * len(choices), z=[None] * len(choices))
        for i in choices.unique().tolist():
            index = (choices == i).nonzero()[:, 0].to(noise.device)
            u, latents = self._latents(i, noise[index], which, None if unmined is None else unmined[index])
            z = _z_of(latents)
            for position, *values in zip(index.tolist(), u.cpu().numpy(), z.cpu().numpy(), strict=True):
                info['u'][position], info['z'][position] = values
        return info

    def _draw(
        self, num: int, seed: int | tuple[int, ...], which: str, generator_index: int | None, use_miner: bool
    ) -> tuple[Tensor, Tensor]:
        """Returns standard normal noise for ``num`` images, and the generator (num,) of each on the CPU."""
        widths = [miner.in_features for miner in self.miners] if use_miner else [g.noise_size for g in self.generators]
        if generator_index is None and self.num_generators > 1:
            noise = self.draw_noise(num, 1 + max(max(widths), max(miner.in_features for miner in self.miners)), seed)
            return noise[:, 1:], self.choose_generators(noise[:, : self.latent_size], which)
        index = self._check_index(generator_index or 0)
        return self.draw_noise(num, widths[index], seed), torch.full((num,), index, dtype=torch.int64)

    def _check_index(self, index: int) -> int:
        if not 0 <= index < self.num_generators:
            raise ValueError(
                f'generator_index must be one of the generators 0 to {self.num_generators - 1}, got {index}'
            )
        return index

    @torch.no_grad()
    def interpolate(
        self,
        start: Tensor,
        end: Tensor,
        steps: int = 8,
        mode: str = 'linear',
        label: int | None = None,
        generator_index: int | None = None,
    ) -> np.ndarray:
        """Returns images along the way between two noises, uint8 (steps, H, W, C).

        Args:
            start: First noise: (latent_size,), or with a ``generator_index`` its miner's u.
            end: Last noise.
            steps: Number of images, both ends included.
            mode: 'linear', or 'slerp' along the great circle.
            label: Must be None: the result of mining is unconditional.
            generator_index: The generator that makes all of them; None lets each latent choose.

        Raises:
            ValueError: There is no such generator, a noise has the wrong width, ``mode`` is unknown, or a label is
                given.
        """
        if generator_index is None:
            return super().interpolate(start, end, steps, mode, label)
        index = self._check_index(generator_index)
        width = self.miners[index].in_features
        if start.shape != (width,) or end.shape != (width,):
            raise ValueError(
                f'the miner of generator {index} takes noise of the shape ({width},), got {tuple(start.shape)} and '
                f'{tuple(end.shape)}'
            )
        self.check_labels(None if label is None else [label] * steps, steps)
        noise = along(start, end, steps, mode).to(self._device)
        with sampling_mode(self.generating_networks('ema')):
            return self.to_pixels(self._images(noise, torch.full((steps,), index, dtype=torch.int64), 'ema'))


def _z_of(latents: Latents) -> Tensor:
    return latents[0] if isinstance(latents, tuple) else latents


def _pick(matrix: Tensor, winners: Tensor) -> Tensor:
    """Returns the winners' scores (K,) in the ``matrix`` (K, N)."""
    return matrix.gather(1, winners[:, None]).squeeze(1)
