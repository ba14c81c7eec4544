"""MineGAN: find the useful region of frozen generators' latent spaces, then fine-tune (thesis chapter 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.generator_family import OneHotGeneratorFamily
from mmgentransfer.models.losses import scores
from mmgentransfer.models.methods.gan import GAN, sampling_mode
from mmgentransfer.registry import MODELS

__all__ = ['MineGAN']

Latents = Tensor | tuple[Tensor, Tensor]


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

    Args:
        selector: Config of the selector, with several generators; None: :class:`FrequencySelector`.
        reduction: 'max' as above; 'mean' averages each supersample's scores over the generators, the thesis's
            unsatisfactory alternative.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generators`` and ``miners``, lists of the same
            length, and ``critic``, which may start from any of the sources.

    Raises:
        ValueError: There is not one miner for each generator, a miner's output is not what its generator takes,
            generators differ in the shape of their images, there is a selector but one generator, or ``reduction`` is
            unknown.
    """

    players = dict(critic=['critic'], generator=['miners', 'generators'])

    def __init__(
        self, selector: dict[str, Any] | None = None, reduction: Literal['max', 'mean'] = 'max', **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._check_networks()
        if reduction not in ('max', 'mean'):
            raise ValueError(f"model.reduction must be 'max' or 'mean', got {reduction!r}")
        self.reduction = reduction
        self.selector = None
        if selector is not None or self.num_generators > 1:
            cfg = dict(selector or dict(type='FrequencySelector'))
            self.selector = MODELS.build({**cfg, 'num_generators': self.num_generators})

    def _check_networks(self) -> None:
        for name in ('generators', 'miners'):
            network = getattr(self, name)
            family = name == 'generators' and isinstance(network, OneHotGeneratorFamily)
            if not (family or isinstance(network, nn.ModuleList)) or not len(network):
                raise ValueError(f'model.networks.{name} must be a list with the configs of one or several networks')
        if len(self.miners) != len(self.generators):
            raise ValueError(
                f'model.networks.miners has {len(self.miners)} networks and model.networks.generators '
                f'{len(self.generators)}: each generator needs a miner of its own'
            )
        for i, (miner, generator) in enumerate(zip(self.miners, self.generators, strict=True)):
            _check_condition(i, miner, generator)
            if miner.out_features != generator.noise_size:
                raise ValueError(
                    f'model.networks.miners[{i}] ends in {miner.out_features} features, but '
                    f'model.networks.generators[{i}] takes noise_size={generator.noise_size}: the last of the '
                    f"miner's dims must be {generator.noise_size}"
                )
        shapes = [(g.out_channels, g.image_size, g.image_size) for g in self.generators]
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ValueError(
                    f'model.networks.generators[{i}] makes images of the shape {shape}, model.networks.generators[0] '
                    f'of {shapes[0]}: generators that are mined together must have one resolution'
                )

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
        winners = self._winners(matrix, 'critic')
        if self.reduction == 'mean':
            everything = real.repeat(self.num_generators, 1, 1, 1), torch.cat(fakes)
            return self._critic_terms(batch, *everything, real_scores, matrix.mean(1))
        fake = _by_choice(winners, lambda i, index: fakes[i][index])
        return self._critic_terms(batch, real, fake, real_scores, _pick(matrix, winners))

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The miners' and the generators' term (thesis eqs. 3.4 and 3.6); several generators' p is logged beside it."""
        if self._winners_suffice:
            terms = super().generator_losses(batch)
        else:
            matrix = self.score_supersamples(self._supersamples(batch))
            winners = self._winners(matrix, 'generator')
            reduced = matrix.mean(1) if self.reduction == 'mean' else _pick(matrix, winners)
            terms = dict(adversarial=self.losses['adversarial'].generator(reduced))
        if self.selector is not None:
            terms |= {
                f'p{i}': p for i, p in enumerate(self.selector.probabilities.unbind())
            }  # no term: its weight is 0
        return terms

    @property
    def _winners_suffice(self) -> bool:
        """Whether the winners' images give the losses: then the game is that of one generator which makes them."""
        return self.num_generators == 1 or (self.reduction == 'max' and not getattr(self.critic, 'mixes_images', False))

    def score_supersamples(self, images: list[Tensor]) -> Tensor:
        """Scores the images (K, C, S, S) of each of N generators, one call of the critic for each; (K, N)."""
        return torch.stack([scores(self.critic(part)) for part in images], dim=1)

    def _mine(self, batch: Batch) -> list[Latents]:
        """Returns each generator's latents, mined from noise of its own."""
        return [miner(batch.random.normal(batch.size, miner.in_features)) for miner in self.miners]

    def _supersamples(self, batch: Batch) -> list[Tensor]:
        latents = self._mine(batch)
        return [_generate(generator, z) for generator, z in zip(self.generators, latents, strict=True)]

    def _winners(self, matrix: Tensor, player: str) -> Tensor:
        """Returns the index (K,) of each supersample's winner, and lets the selector know."""
        winners = matrix.detach().argmax(1)
        self.selector.record(player, winners)
        return winners

    def _fake_images(self, batch: Batch, player: str) -> Tensor:
        """Returns each supersample's winning image, with a graph to the winners alone if gradients are enabled."""
        if self.num_generators == 1:
            return super()._fake_images(batch, player)
        latents = self._mine(batch)
        # A second pass of the winners alone takes less memory than a graph of all, if it makes the same images again.
        again = torch.is_grad_enabled() and all(_repeatable(generator) for generator in self.generators)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not again):
            images = [_generate(generator, z) for generator, z in zip(self.generators, latents, strict=True)]
        with torch.no_grad():
            winners = self._winners(self.score_supersamples([part.detach() for part in images]), player)
        torch.clear_autocast_cache()  # in older PyTorch it holds weights that were cast without a graph
        if again:
            return _by_choice(winners, lambda i, index: _generate(self.generators[i], latents[i], index))
        return _by_choice(winners, lambda i, index: images[i][index])

    # ------------------------------------------------------------------ sampling

    @property
    def latent_size(self) -> int:
        """Width of the noise of an image: the miner's u, with several generators the widest, after the choice's."""
        widest = max(miner.in_features for miner in self.miners)
        return widest if self.num_generators == 1 else 1 + widest

    def choose_generators(self, latents: Tensor) -> Tensor:
        """Returns which generator makes the image of each of ``latents`` (N, latent_size): (N,) int64 on the CPU.

        It follows from a latent's first number and the selector's present p.
        """
        if self.selector is None:
            return torch.zeros(latents.shape[0], dtype=torch.int64)
        return self.selector.choose(latents[:, 0])

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps noise (N, latent_size) to images G(M(u)) (N, C, S, S).

        With several generators the first number of a latent says, through p, which generator makes its image; its
        miner takes as many of the others as it needs. The generators' images are normalised apart from each other.
        """
        miners, generators = self.network('miners', which), self.network('generators', which)
        if self.num_generators == 1:
            return _generate(generators[0], miners[0](latents))

        def generate(i: int, index: Tensor) -> Tensor:
            return _generate(generators[i], miners[i](latents[index, 1 : 1 + miners[i].in_features]))

        return _by_choice(self.choose_generators(latents).to(latents.device), generate)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the miners and the generators."""
        return [self.network('miners', which), self.network('generators', which)]

    @torch.no_grad()
    def sample_generator(self, index: int, num: int, seed: int | tuple[int, ...] = 0, which: str = 'ema') -> np.ndarray:
        """Returns images of one generator behind its miner, whatever p: uint8 (num, H, W, C)."""
        miner, generator = self.network('miners', which)[index], self.network('generators', which)[index]
        with sampling_mode([miner, generator]):
            return self.to_pixels(_generate(generator, miner(self.draw_noise(num, miner.in_features, seed))))

    @torch.no_grad()
    def sample_source(
        self, num: int, seed: int | tuple[int, ...] = 0, which: str = 'ema', index: int = 0
    ) -> np.ndarray:
        """Returns images of a generator from its own prior, without the miner: uint8 (num, H, W, C).

        The classes of a conditional generator come one after the other: 0 to K - 1, again and again.
        """
        generator = self.network('generators', which)[index]
        with sampling_mode([generator]):
            inputs = [self.draw_noise(num, generator.noise_size, seed)]
            if getattr(generator, 'num_classes', 0):
                inputs.append(torch.arange(num, device=self._device) % generator.num_classes)
            images = generator(*inputs)
        return self.to_pixels(images)


def _check_condition(index: int, miner: nn.Module, generator: nn.Module) -> None:
    """Raises a ``ValueError`` unless the miner gives a conditional generator's embedding, and no other generator's."""
    given, wanted = getattr(miner, 'embedding_features', 0), getattr(generator, 'embedding_size', 0)
    if getattr(generator, 'num_classes', 0) and not wanted:
        raise ValueError(
            f'model.networks.generators[{index}] = {type(generator).__name__} takes labels; of conditional generators '
            'only those with a class embedding, such as BigGANGenerator, can be mined by themselves; others as a '
            'OneHotGeneratorFamily'
        )
    if given != wanted:
        raise ValueError(
            f'model.networks.miners[{index}] = {type(miner).__name__} gives a class embedding of {given} features, but '
            f'model.networks.generators[{index}] takes embedding_size={wanted}: '
            + (f"a ConditionalMiner's miner_c must end in {wanted}" if wanted else 'it needs an MLPMiner')
        )


def _generate(generator: nn.Module, latents: Latents, index: Tensor | None = None) -> Tensor:
    """Returns the images of what a miner gave, or of its rows ``index``: z, or the pair of z and class embedding."""
    parts = latents if isinstance(latents, tuple) else (latents,)
    z, *embedding = parts if index is None else [part[index] for part in parts]
    return generator(z, embedding=embedding[0]) if embedding else generator(z)


def _repeatable(generator: nn.Module) -> bool:
    """Whether a part of a batch gives the same images as in the whole batch, pass after pass.

    Not with batch statistics or with power iterations of a spectral norm, which both come with buffers and only move in
    training mode, nor with random noise maps.
    """
    moves = generator.training and any(True for _ in generator.buffers())
    return not moves and getattr(generator, 'noise_mode', None) != 'random'


def _pick(matrix: Tensor, winners: Tensor) -> Tensor:
    """Returns the winners' scores (K,) in the ``matrix`` (K, N)."""
    return matrix.gather(1, winners[:, None]).squeeze(1)


def _by_choice(choices: Tensor, images_of: Callable[[int, Tensor], Tensor]) -> Tensor:
    """Puts a batch together from several generators.

    Args:
        choices: The generator (K,) of each image.
        images_of: Maps a generator's number and the positions (k,) that chose it to its k images; not called for a
            generator that nothing chose.

    Returns:
        The images (K, C, S, S) in the order of ``choices``.
    """
    order = choices.argsort(stable=True)
    present, counts = choices[order].unique_consecutive(return_counts=True)
    positions = order.split(counts.tolist())
    parts = [images_of(i, index) for i, index in zip(present.tolist(), positions, strict=True)]
    return torch.cat(parts)[order.argsort()]
