"""TransferI2I: a pre-trained GAN becomes an encoder and a decoder, joined by adaptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.transferi2i.checks import (
    check_classes,
    check_dataset,
    check_domain_names,
    check_losses,
    check_stages,
    choose_taps,
)
from mmgentransfer.models.methods.transferi2i.passes import Condition, as_argument, draw_inputs, judge
from mmgentransfer.models.schedule import Stage
from mmgentransfer.registry import MODELS

__all__ = ['TransferI2I']

GAN_NETWORKS = ('generator', 'discriminator', 'source_generator', 'source_discriminator')
PHASES = {
    'st_init': (*GAN_NETWORKS, 'miner'),
    'self_init': ('adaptor',),
    'transfer': ('generator', 'discriminator', 'encoder', 'adaptor', 'aux_generator', 'miner'),
}
"""The networks that each stage trains, by the stage's name."""


@MODELS.register_module()
class TransferI2I(DomainTranslator):
    """Translation between domains of few images by transferring GANs (TransferI2I, ICCV 2021).

    A stage's name says what it does; each may be left out, and the networks then start as their ``init_cfg`` says:

    - ``st_init``, source-target initialisation (supplement, eq. 1): the GAN is fine-tuned on the images.
    - ``self_init`` (eq. 2): the adaptor learns to give back the generator's features from those that the discriminator
      has of the generated image. It takes no data; the GAN is frozen.
    - ``transfer`` (eqs. 3 to 6): when it begins, the encoder gets the discriminator's weights, and the auxiliary
      generator's own layers those of the generator. Encoder, adaptor and generators then learn against the
      discriminator.

    With several classes a conditional GAN translates to any of them. Between two domains there are two GANs,
    ``source_generator`` and ``source_discriminator`` of the first domain, ``generator`` and ``discriminator`` of the
    second, to which the model translates; it is the first that encodes.

    The loss terms are ``adversarial``; ``auxiliary``, the same for the images of the auxiliary generator, whose weight
    counts for both players; ``alignment``, an :class:`AdaptorAlignmentLoss`; ``reconstruction``, a
    :class:`FeatureReconstructionLoss`; and the penalties ``r1``, ``gradient_penalty`` and ``drift``. The discriminator
    never sees ``reconstruction``.

    Args:
        domains: Names of the classes, in the order of the labels; between two domains ``[source, target]``.
        networks: ``generator``, ``discriminator``, ``encoder``, ``adaptor``; ``aux_generator``, a
            :class:`PartialSharedGenerator`, or None; ``miner``, a map of the noise, or None; between two domains
            ``source_generator`` and ``source_discriminator``. Encoder, adaptor and auxiliary generator are made for the
            GAN's networks.
        stages: See above.
        taps: Resolutions at which the encoder's features reach the generator; None: all from 4 to a quarter of the
            image's side.
        gan_pair: Between two domains, what aligns the adaptor: 'source', the first domain's GAN; 'target', the
            second's; 'cross', images of the second's generator in the first's discriminator.
        mixing: Probability that a training batch of a style-based generator mixes two styles.
        aux_same_noise: Whether both generators have the same noise and classes in a step, so that what comes before the
            maps is computed once.
        **kwargs: As :class:`AdversarialModel`.

    Raises:
        ValueError: Networks, classes, taps, losses or stages don't go together.
    """

    def __init__(
        self,
        domains: Sequence[str],
        networks: dict[str, dict | None],
        stages: list[dict] | None = None,
        taps: Sequence[int] | None = None,
        gan_pair: Literal['source', 'target', 'cross'] = 'source',
        mixing: float = 0.0,
        aux_same_noise: bool = True,
        **kwargs: Any,
    ) -> None:
        networks = {name: cfg for name, cfg in networks.items() if cfg is not None}
        self.two_class = any(name.startswith('source_') for name in networks)
        source = ['source_'] if self.two_class else []
        optional = [name for name in ('aux_generator', 'miner') if name in networks]
        self.players = dict(
            discriminator=['discriminator', *(f'{prefix}discriminator' for prefix in source)],
            generator=['generator', *(f'{prefix}generator' for prefix in source), 'encoder', 'adaptor', *optional],
        )
        self.taps = taps
        check_stages(stages, list(PHASES))
        super().__init__(domains=domains, networks=networks, stages=stages, **kwargs)
        self.stages = [replace(stage, data=stage.name != 'self_init') for stage in self.stages]
        self.gan_pair = gan_pair
        self.mixing = mixing
        self.aux_same_noise = aux_same_noise
        check_classes(self)
        check_losses(self)
        names = torch.tensor(list('\n'.join(self.domains).encode()), dtype=torch.uint8)
        self.register_buffer('domain_names', names)
        self.register_buffer('handed_over', torch.zeros((), dtype=torch.int64))

    # ------------------------------------------------------------------ networks and stages

    def _build_network(self, name: str, cfg: dict) -> nn.Module:
        """Builds a network; encoder, adaptor and auxiliary generator for the networks that were built before."""
        made: dict[str, Any] = {}
        if name == 'encoder':
            self.taps = choose_taps(self.taps, self.generator, self._source('discriminator'))
            made = dict(discriminator=self._source('discriminator'), taps=self.taps)
        elif name == 'adaptor':
            channels = self.generator.tap_channels
            made = dict(
                in_channels=self.encoder.tap_channels, out_channels={side: channels[side] for side in self.taps}
            )
        elif name == 'aux_generator':
            made = dict(generator=self.generator)
        if given := sorted(set(made) & set(cfg)):
            raise ValueError(
                f'model.networks.{name}.{given[0]} follows from the other networks and model.taps: leave it out'
            )
        return super()._build_network(name, {**cfg, **made})

    def _source(self, kind: Literal['generator', 'discriminator']) -> nn.Module:
        """Returns the network of the domain that is encoded."""
        return getattr(self, f'source_{kind}' if self.two_class else kind)

    @property
    def num_classes(self) -> int:
        """Number of the generator's classes, 0 between two domains."""
        return self.generator.num_classes

    @property
    def targets(self) -> list[str]:
        """The classes, or between two domains the second one."""
        return self.domains[1:] if self.two_class else self.domains

    def trained_in(self, stage: Stage) -> dict[str, list[str]]:
        """Returns the networks that each player trains in a stage: of those of its kind, what the stage says."""
        allowed = PHASES[stage.name]
        return {
            player: [name for name in names if name in allowed] for player, names in super().trained_in(stage).items()
        }

    def init_weights(self) -> None:
        """Initialises every network, and hands over what the first stage begins with."""
        super().init_weights()
        self.begin_stage()

    @torch.no_grad()
    def begin_stage(self) -> None:
        """Copies the discriminator to the encoder and the generator to the auxiliary one when ``transfer`` begins.

        It happens once: weights of a checkpoint that had it, and networks with an ``init_cfg``, stay as they are.
        """
        if self.stage.name != 'transfer' or self.handed_over:
            return
        self.handed_over.fill_(1)
        pairs = dict(encoder=self._source('discriminator'))
        if hasattr(self, 'aux_generator'):
            pairs['aux_generator'] = self.generator
        for name, network in pairs.items():
            if getattr(self, name).init_cfg is None:
                getattr(self, name).copy_from(network)
                if name in self.ema:
                    self.ema[name].load_state_dict(getattr(self, name).state_dict())

    def check_weights(self, state: Mapping[str, Tensor]) -> None:
        """Raises a ``ValueError`` if a checkpoint was trained with other classes, or in another order."""
        check_domain_names(self.domains, state)

    def _load_from_state_dict(self, state_dict: Mapping[str, Tensor], prefix: str, *args: Any) -> None:
        if not prefix:
            self.check_weights(state_dict)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Raises a ``ValueError`` unless the data are of this model's domains and of its images' shape."""
        check_dataset(self, dataset, key)

    # ------------------------------------------------------------------ parts

    def encode(self, values: Tensor, which: str = 'live') -> dict[int, Tensor]:
        """Returns the encoder's features (N, C_r, r, r) of images (N, C, S, S), by tap r.

        Before the ``transfer`` stage they are those of the discriminator that it will start from.
        """
        if self.handed_over:
            return self.network('encoder', which)(values)
        features = self._source('discriminator').features(values)
        return {side: features[side] for side in self.taps}

    def adapt(self, features: Mapping[int, Tensor], which: str = 'live') -> dict[int, Tensor]:
        """Returns the adaptor's maps for the generator (N, C_r, r, r), by tap r, without fusion weights."""
        return self.network('adaptor', which)(features)

    def class_embedding(self, labels: Tensor, which: str = 'live') -> Tensor:
        """Returns the embeddings (N, E) of classes ``labels`` (N,) int64, which :meth:`generate` takes as well.

        Raises:
            ValueError: The generator has no class embedding.
        """
        if not self.num_classes:
            raise ValueError('a TransferI2I between two domains has no classes, and no class embedding')
        return self.network('generator', which).embed(labels)

    def generate(
        self,
        noise: Tensor,
        condition: Condition = None,
        inject: Mapping[int, Tensor] | None = None,
        *,
        start: int | None = None,
        which: str = 'live',
        **options: Any,
    ) -> Tensor:
        """Generates images.

        Args:
            noise: z (N, noise_size).
            condition: Labels (N,) int64 or class embeddings (N, E); None between two domains.
            inject: The adaptor's maps (N, C_r, r, r) by tap; None for images of the generator alone.
            start: A resolution at which ``inject`` is taken as it is, without the layers below and without its weight.
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            **options: What the generator takes beside, e.g. a StyleGAN's ``style`` and ``noise_maps``.

        Returns:
            (N, C, S, S), a BigGAN's in [-1, 1].
        """
        fusion = self.network('adaptor', which).fusion if inject else None
        generator = self.network('generator', which)
        return generator(noise, **as_argument(condition), injected=inject, fusion=fusion, start=start, **options)

    # ------------------------------------------------------------------ training

    @property
    def shared_player(self) -> str | None:
        """Images are encoded once for both players, unless their moves have images of their own."""
        once = sum(move.player == 'generator' for move in self.moves) == 1
        return 'generator' if once and self.num_chunks == 1 else None

    def shared_pass(self, batch: Batch) -> dict[int, Tensor] | None:
        """Returns the adaptor's maps of the source images, in the ``transfer`` stage."""
        return self._adapted(batch) if self.stage.name == 'transfer' else None

    def _adapted(self, batch: Batch) -> dict[int, Tensor]:
        return self.adaptor(self.encoder(self._sources(batch))) if batch.shared is None else batch.shared

    def _sources(self, batch: Batch) -> Tensor:
        return batch[self.domains[0]] if self.two_class else batch['sources']

    def _gans(self, batch: Batch, player: str) -> list[tuple[nn.Module, nn.Module, Tensor, Condition]]:
        """Returns generator, discriminator, real images and labels of each GAN that ``player`` trains now."""
        if not self.two_class:
            return [(self.generator, self.discriminator, batch['images'], batch['labels'])]
        gans = dict(zip(('source_', ''), self.domains, strict=True))
        return [
            (getattr(self, f'{prefix}generator'), getattr(self, f'{prefix}discriminator'), batch[domain], None)
            for prefix, domain in gans.items()
            if f'{prefix}{player}' in self.trained[player]
        ]

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminators' terms, eqs. 1 and 3."""
        if self.stage.name == 'st_init':
            terms: dict[str, Tensor] = {}
            for generator, discriminator, real, labels in self._gans(batch, 'discriminator'):
                with torch.no_grad():
                    inputs, fake_labels = draw_inputs(self, batch.random, len(real), generator)
                    fakes = [(generator(**inputs), fake_labels)]
                new = self._discriminator_terms(batch, discriminator, (real, labels), fakes)
                terms = {name: value + terms.get(name, 0) for name, value in new.items()}
            return terms
        real = batch[self.domains[1]] if self.two_class else batch['images']
        with torch.no_grad():
            fakes = self._fakes(batch, len(real))
        return self._discriminator_terms(batch, self.discriminator, (real, batch.get('labels')), fakes)

    def _fakes(self, batch: Batch, num: int) -> list[tuple[Tensor, Condition]]:
        """Returns translations of the source images, and images of the auxiliary generator, with their classes."""
        inputs, labels = draw_inputs(self, batch.random, num, self.generator)
        fakes = [(self.generator(**inputs, injected=self._adapted(batch), fusion=self.adaptor.fusion), labels)]
        if self.weight('auxiliary') and hasattr(self, 'aux_generator'):
            if not self.aux_same_noise:
                inputs, labels = draw_inputs(self, batch.random, num, self.generator)
            fakes.append((self.aux_generator(self.generator, **inputs), labels))
        return fakes

    def _discriminator_terms(
        self,
        batch: Batch,
        discriminator: nn.Module,
        real: tuple[Tensor, Condition],
        fakes: list[tuple[Tensor, Condition]],
    ) -> dict[str, Tensor]:
        loss = self.losses['adversarial']
        real_scores, fake_scores, *aux_scores = (scores for scores, _ in judge(discriminator, [real, *fakes]))
        terms = dict(adversarial=loss.critic(real_scores, fake_scores))
        if aux_scores:
            terms['auxiliary'] = self.losses['auxiliary'].critic_on_fakes(*aux_scores)
        critic = partial(discriminator, labels=real[1])
        if self.weight('gradient_penalty'):
            alpha = batch.random.uniform(len(real[0]))
            terms['gradient_penalty'] = self.losses['gradient_penalty'](critic, real[0], fakes[0][0], alpha)
        if self.weight('r1'):
            terms['r1'] = self.losses['r1'](critic, real[0])
        if self.weight('drift'):
            terms['drift'] = self.losses['drift'](real_scores)
        return terms

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of all other networks: eqs. 1, 2, or 3 and 4."""
        if self.stage.name == 'self_init':
            return dict(alignment=self._alignment(batch))
        loss = self.losses['adversarial'].generator
        if self.stage.name == 'st_init':
            terms = []
            for generator, discriminator, real, _ in self._gans(batch, 'generator'):
                inputs, labels = draw_inputs(self, batch.random, len(real), generator)
                terms.append(loss(discriminator(generator(**inputs), labels)))
            return dict(adversarial=sum(terms))
        sources, reconstructs = self._sources(batch), self.weight('reconstruction') > 0
        fake, *aux = self._fakes(batch, len(sources))
        # one pass each: that of the auxiliary images leaves no graph to what it does not come from
        ((scores, taps),) = judge(self.discriminator, [fake], return_taps=reconstructs)
        terms = dict(adversarial=loss(scores))
        if aux:
            terms['auxiliary'] = self.losses['auxiliary'].generator(judge(self.discriminator, aux)[0][0])
        if reconstructs:
            with torch.no_grad():
                wanted = self.discriminator.features(sources)
            levels = [{side: features[side] for side in self.taps} for features in (taps, wanted)]
            terms['reconstruction'] = self.losses['reconstruction'](*levels)
        return terms

    def _alignment(self, batch: Batch) -> Tensor:
        """Returns eq. 2; no graph reaches the GAN, which is in eval mode."""
        generator = self._source('generator') if self.gan_pair == 'source' else self.generator
        discriminator = self.discriminator if self.gan_pair == 'target' else self._source('discriminator')
        with torch.no_grad():
            inputs, _ = draw_inputs(self, batch.random, batch.size, generator, mixing=False)
            images, taps = generator(**inputs, return_taps=True)
            features = discriminator.features(images)
        return self.losses['alignment'](self.adaptor(features), {side: taps[side] for side in self.taps})

    # ------------------------------------------------------------------ inference

    @property
    def code_dim(self) -> int:
        """Width of the generator's noise, of the miner's with one."""
        return self.miner.in_features if hasattr(self, 'miner') else self.generator.noise_size

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns encoder, adaptor, generator and miner; the auxiliary generator is not used."""
        names = ['encoder', 'adaptor', 'generator', *(['miner'] if hasattr(self, 'miner') else [])]
        before = [] if self.handed_over else [self._source('discriminator')]
        return [*before, *(self.network(name, which) for name in names)]

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None, which: str = 'ema', **options: Any
    ) -> Tensor:
        """Translates images (N, C, H, W) to classes, or to the second domain: (N, K, C, H, W).

        An image is encoded once for its K codes (N, K, Z). Targets (N, num_domains) that are no one-hot vectors mix the
        classes' embeddings. A style-based generator has the same noise maps in every call.

        Raises:
            ValueError: The target is the domain that this one-way model translates from.
        """
        if self.two_class and not bool((targets[:, 1] == 1).all()):
            raise ValueError(
                f'this model translates from {self.domains[0]!r} to {self.domains[1]!r} only; the other direction is a '
                'model of its own, with model.domains exchanged'
            )
        num = codes.shape[1]
        generator, noise = self.network('generator', which), codes.flatten(0, 1)
        if hasattr(self, 'miner'):
            noise = self.network('miner', which)(noise)
        adapted = self.adapt(self.encode(values, which), which)
        inject = {side: features.repeat_interleave(num, 0) for side, features in adapted.items()}
        condition = None
        if self.num_classes:
            embeds = getattr(generator, 'embedding_size', 0)
            everything = torch.arange(self.num_classes, device=targets.device)
            condition = targets @ generator.embed(everything) if embeds else targets.argmax(1)
            condition = condition.repeat_interleave(num, 0)
        if hasattr(generator, 'fixed_noise_maps') and generator.noise_mode == 'random':
            options = {'noise_maps': generator.fixed_noise_maps(), **options}
        return self.generate(noise, condition, inject, which=which, **options).unflatten(0, (-1, num))
