"""The forward and backward passes that an iteration can't avoid, written out without the framework."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from mmgentransfer.apis.bare_baselines import BareNICEGAN, BareStarGANv2
from mmgentransfer.apis.bare_domains import BareCUT, BareDRIT, BareMUNIT, BareSDIT, BareTransferI2I
from mmgentransfer.apis.bare_game import BareGame
from mmgentransfer.apis.bare_translators import BareIcGAN, BareMixAndMatch, BarePix2Pix, BareStarGAN, BareUnpaired
from mmgentransfer.models.baselines.cut import CUT
from mmgentransfer.models.baselines.cyclegan import CycleGAN
from mmgentransfer.models.baselines.drit import DRIT
from mmgentransfer.models.baselines.icgan import IcGAN
from mmgentransfer.models.baselines.nicegan import NICEGAN
from mmgentransfer.models.baselines.pix2pix import Pix2Pix
from mmgentransfer.models.baselines.stargan import StarGAN
from mmgentransfer.models.baselines.stargan_v2 import StarGANv2
from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.losses import scores
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.models.methods.minegan import MineGAN
from mmgentransfer.models.methods.mmnets import MixAndMatchNets, UnpairedMixAndMatchNets
from mmgentransfer.models.methods.sdit import SDIT
from mmgentransfer.models.methods.transferi2i import TransferI2I
from mmgentransfer.models.methods.udit import MUNIT
from mmgentransfer.models.mining import Latents, by_choice, generate, repeatable

__all__ = ['BarePasses', 'bare_passes']

_TRANSLATORS = {
    MixAndMatchNets: BareMixAndMatch,
    UnpairedMixAndMatchNets: BareUnpaired,
    CycleGAN: BareUnpaired,
    Pix2Pix: BarePix2Pix,
    StarGAN: BareStarGAN,
    SDIT: BareSDIT,
    MUNIT: BareMUNIT,
    TransferI2I: BareTransferI2I,
    CUT: BareCUT,
    DRIT: BareDRIT,
    NICEGAN: BareNICEGAN,
    StarGANv2: BareStarGANv2,
    IcGAN: BareIcGAN,
}


def bare_passes(model: AdversarialModel, optimizers: dict[str, Any], batch: dict[str, Any], amp: bool) -> BareGame:
    """Returns the bare passes of a model's iteration.

    Args:
        model: A TransferGAN, a MineGAN, or a translator, in the stage that is measured.
        optimizers: The PyTorch optimiser of each player.
        batch: Preprocessed data of a whole iteration, e.g. ``images`` (N, C, S, S), and ``labels`` (N,) for a model
            with classes.
        amp: Whether to run in mixed precision.

    Raises:
        ValueError: The passes of the model's method are not written out here.
    """
    for method, passes in _TRANSLATORS.items():
        if isinstance(model, method):
            return passes(model, optimizers, batch, amp)
    if not isinstance(model, GAN) or list(model.players) != ['critic', 'generator']:
        raise ValueError(
            'the benchmark takes GANs of a critic and a generator, and of the translators '
            f'{[method.__name__ for method in _TRANSLATORS]}, not {type(model).__name__}'
        )
    several = isinstance(model, MineGAN) and model.num_generators > 1
    return (_SeveralGenerators if several else BarePasses)(model, optimizers, batch, amp)


class BarePasses(BareGame):
    """One generator, behind a miner or not, with classes or without; see :func:`bare_passes`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.has_head = getattr(self.model.critic, 'class_head', None) is not None
        self.splits = getattr(self.model.critic, 'mixes_images', False)

    # ------------------------------------------------------------------ losses

    def critic_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The scores of real and fake images, of classes, and the penalties."""
        return self._critic_loss(batch['images'], batch.get('labels'))

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The scores of fake images, and of their classes."""
        return self._generator_loss(batch['images'], batch.get('labels'))

    def _critic_loss(self, real: Tensor, labels: Tensor | None) -> Tensor:
        with self.autocast():
            fake_labels = self._random_labels(len(real)) if self.has_head else labels
            with torch.no_grad():
                fake = self._fake(len(real), fake_labels)
            if self.splits:
                real_output, fake_output = self._judge(real, labels), self._judge(fake, fake_labels)
            else:
                both = None if labels is None else torch.cat([labels, fake_labels])
                output = self._judge(torch.cat([real, fake]), both)
                real_output, fake_output = zip(*(part.chunk(2) for part in output), strict=True)
            loss = self._critic_terms(real_output[0], fake_output[0])
            if self.has_head and labels is not None:
                term = self.model.losses['critic_class']
                of_classes = term(real_output[1], labels)
                if term.on_fake:
                    of_classes = (of_classes + term(fake_output[1], fake_labels)) / 2
                loss = loss + self.model.weight('critic_class') * of_classes
        return loss + self._penalty(real, fake, labels)

    def _critic_terms(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        weight, losses = self.model.weight, self.model.losses
        loss = weight('adversarial') * losses['adversarial'].critic(real_scores, fake_scores)
        return loss + weight('drift') * losses['drift'](real_scores) if weight('drift') else loss

    def _penalty(self, real: Tensor, fake: Tensor, labels: Tensor | None) -> Tensor | float:
        penalty, weight = 0.0, self.model.weight
        if weight('gradient_penalty'):
            alpha = torch.rand(len(real), 1, 1, 1, device=real.device)
            squares = self._squared_gradient(alpha * real + (1 - alpha) * fake.float(), labels)
            penalty = penalty + weight('gradient_penalty') * (squares.sqrt() - 1).square().mean()
        if weight('r1'):
            penalty = penalty + weight('r1') * self._squared_gradient(real.clone(), labels).mean()
        return penalty

    def _squared_gradient(self, images: Tensor, labels: Tensor | None) -> Tensor:
        images.requires_grad_(True)
        (gradient,) = torch.autograd.grad(self._judge(images, labels)[0].sum(), images, create_graph=True)
        return gradient.square().flatten(1).sum(1)

    def _generator_loss(self, real: Tensor, labels: Tensor | None) -> Tensor:
        labels = None if labels is None else self._random_labels(len(real))
        with self.autocast():
            output = self._judge(self._fake(len(real), labels), labels)
            loss = self.model.weight('adversarial') * self.model.losses['adversarial'].generator(output[0])
            if self.has_head and labels is not None:
                term = self.model.losses['generator_class']
                loss = loss + self.model.weight('generator_class') * term(output[1], labels)
        return loss

    # ------------------------------------------------------------------ passes

    def _fake(self, num: int, labels: Tensor | None) -> Tensor:
        if isinstance(self.model, MineGAN):
            return generate(self.model.generators[0], self._mined(num)[0])
        noise = torch.randn(num, self.model.generator.noise_size, device=self.device)
        return self.model.generator(noise) if labels is None else self.model.generator(noise, labels)

    def _mined(self, num: int) -> list[Latents]:
        """Returns each miner's latents; how noise is drawn and shared is the model's choice."""
        return self.model._mine(Batch(dict(images=self.batch['images'][:num]), self.random))

    def _judge(self, images: Tensor, labels: Tensor | None) -> tuple[Tensor, ...]:
        """Returns the scores (N,), and the logits (N, K) of a class head."""
        critic = self.model.critic if labels is None or self.has_head else partial(self.model.critic, labels=labels)
        output = critic(images)
        return output if self.has_head else (scores(output),)

    def _random_labels(self, num: int) -> Tensor:
        return torch.randint(self.model.num_classes, (num,), device=self.device)


class _SeveralGenerators(BarePasses):
    """N generators: all of them make images and are scored; then the passes of the winners alone.

    Winners are made a second time, with a graph, where that gives the same images; else they are cut out of the first
    pass. A critic that mixes the images of a batch, or an average over the generators, needs the graph of all.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.needs_all = self.splits or self.model.reduction == 'mean'
        self.generators = [self.model.generators[i] for i in range(self.model.num_generators)]
        self.twice = all(map(repeatable, self.generators))

    def _critic_loss(self, real: Tensor, labels: Tensor | None) -> Tensor:
        if not self.needs_all:
            return super()._critic_loss(real, labels)
        with self.autocast():
            with torch.no_grad():
                fakes = self._supersamples(len(real))
            real_scores, matrix = scores(self.model.critic(real)), self._matrix(fakes)
            loss = self._critic_terms(real_scores, self._reduced(matrix))
        if self.model.reduction == 'mean':
            return loss + self._penalty(real.repeat(len(fakes), 1, 1, 1), torch.cat(fakes), None)
        rows = torch.arange(len(real), device=real.device)
        return loss + self._penalty(real, torch.stack(fakes)[matrix.argmax(1), rows], None)

    def _generator_loss(self, real: Tensor, labels: Tensor | None) -> Tensor:
        if not self.needs_all:
            return super()._generator_loss(real, labels)
        with self.autocast():
            reduced = self._reduced(self._matrix(self._supersamples(len(real))))
            return self.model.weight('adversarial') * self.model.losses['adversarial'].generator(reduced)

    def _fake(self, num: int, labels: Tensor | None) -> Tensor:
        latents = self._mined(num)
        graph = torch.is_grad_enabled()
        with torch.set_grad_enabled(graph and not self.twice):
            fakes = [generate(generator, z) for generator, z in zip(self.generators, latents, strict=True)]
        with torch.no_grad():
            winners = self._matrix(fakes).argmax(1)
        torch.clear_autocast_cache()
        if graph and self.twice:
            return by_choice(winners, lambda i, index: generate(self.generators[i], latents[i], index))
        return torch.stack(fakes)[winners, torch.arange(num, device=winners.device)]

    def _supersamples(self, num: int) -> list[Tensor]:
        return [generate(generator, z) for generator, z in zip(self.generators, self._mined(num), strict=True)]

    def _matrix(self, fakes: list[Tensor]) -> Tensor:
        return torch.stack([scores(self.model.critic(part)) for part in fakes], 1)

    def _reduced(self, matrix: Tensor) -> Tensor:
        return matrix.mean(1) if self.model.reduction == 'mean' else matrix.max(1).values
