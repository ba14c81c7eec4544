"""Mix and match networks: zero-pair translation between modalities (thesis chapter 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.backbones.segnet import Latent
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.models.methods.mmnets.checks import (
    check_known,
    check_losses,
    check_networks,
    check_sets,
    check_values,
)
from mmgentransfer.models.methods.mmnets.fusion import LatentFusion
from mmgentransfer.models.methods.mmnets.graph import TranslationGraph
from mmgentransfer.models.methods.mmnets.modality_model import ModalityModel
from mmgentransfer.registry import MODELS

__all__ = ['MixAndMatchNets']


class _Pass(NamedTuple):
    """What one forward pass gave, by (modality, set) and by (source, target, set)."""

    latents: dict[tuple[str, str], Latent]
    predictions: dict[tuple[str, str, str], Tensor]


@MODELS.register_module()
class MixAndMatchNets(ModalityModel):
    """One encoder and one decoder for each modality, any of which can be put together (thesis section 4.4).

    Aligned samples exist for some pairs of modalities only, in sets that share no sample; see
    :class:`TranslationGraph`. A batch holds samples of every set: ``batch['RS']['rgb']``.

    The loss terms (weights in ``losses`` and, stage by stage, in ``stages``):

    - one named as each modality: the seen translations to it (eqs. 4.1, 4.6 and 4.7);
    - ``adversarial``: against the critics in ``networks.discriminators``, for the modalities that have one;
    - ``autoencoder``: each modality from itself, with that modality's loss and weight (times this one);
    - ``latent``: latents of aligned samples agree (eqs. 4.9 to 4.11), before noise is added;
    - ``pseudo``: unseen translations learn from a synthesised target (eqs. 4.12 and 4.13).

    The stage setting ``noise`` is the standard deviation of the noise on the latents that decoders read while training.

    Args:
        modalities: Config of each modality by name.
        graph: Config of the :class:`TranslationGraph`.
        noise_mode: 'gaussian', or 'abs' for its absolute value.
        noise_on: The modalities whose latents get noise; None: all.
        fusion: ``alpha`` and ``indices_from`` of the :class:`LatentFusion` of several sources.
        batch_statistics: Whether norms use the batch's own statistics at test, as the authors' code does.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``encoders`` and ``decoders``, each a config by
            modality, and ``discriminators`` for those with an adversarial loss.

    Raises:
        ValueError: Networks, modalities, losses and graph don't fit each other.
    """

    players = dict(critic=['discriminators'], generator=['encoders', 'decoders'])
    shared_player = 'generator'
    stage_settings = dict(noise=0.0)
    num_classes = 0

    def __init__(
        self,
        modalities: dict[str, dict],
        graph: dict[str, Any],
        noise_mode: str = 'gaussian',
        noise_on: Sequence[str] | None = None,
        fusion: dict[str, Any] | None = None,
        batch_statistics: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, batch_statistics, **kwargs)
        try:
            self.graph: TranslationGraph = MODELS.build({'type': 'TranslationGraph', **graph})
        except TypeError as error:
            raise ValueError(f'model.graph: {error}') from None
        if set(self.graph.modalities) != set(self.modalities):
            raise ValueError(
                f'model.modalities are {sorted(self.modalities)}, those in model.graph.sets '
                f'{sorted(self.graph.modalities)}: every modality must be in a set, and have its kind in modalities'
            )
        check_networks(self.modalities, self.encoders, self.decoders)
        if noise_mode not in ('gaussian', 'abs'):
            raise ValueError(f"model.noise_mode must be 'gaussian' or 'abs', got {noise_mode!r}")
        self.noise_mode = noise_mode
        self.noise_on = check_known(
            'model.noise_on', self.modalities if noise_on is None else noise_on, self.modalities
        )
        try:
            self.fusion = LatentFusion(self.graph.modalities, self.graph.anchor, **(fusion or {}))
        except TypeError as error:
            raise ValueError(f'model.fusion = {dict(fusion)}: {error}') from None
        check_losses(self)

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks that a training set has the graph's sets, and the first samples of any set their shape and range.

        Raises:
            ValueError: The sets differ from the graph's, sides don't suit the networks, or labels are no classes.
        """
        training = key == 'train_dataloader'
        if training:
            check_sets(self.graph, getattr(dataset, 'sets', None), key)
        samples = self.some_samples(dataset, training)
        for name, values in samples.items() if training else [('', samples)]:
            check_values(self.modalities, self.input_multiple, values, key, name)

    # ------------------------------------------------------------------ training

    def shared_pass(self, batch: Batch) -> _Pass:
        """Encodes every modality of every set once and decodes every translation that the stage trains."""
        latents = self._encode_sets(batch)
        noisy = {key: self._add_noise(*key, latent, batch) for key, latent in latents.items()}
        # One pass of a decoder for each source and set: batch statistics never mix what different encoders made.
        predictions = {
            (source, target, name): self.decoders[target](noisy[source, name])
            for source, target, name in self._translations()
        }
        return _Pass(latents, predictions)

    def _translations(self) -> list[tuple[str, str, str]]:
        """Returns (source, target, set) of what the current stage decodes."""
        wanted: list[tuple[str, str, str]] = [tuple(t) for t in self.graph.seen]
        if self.weight('autoencoder'):
            wanted += [(m, m, name) for name, held in self.graph.sets.items() for m in held if self._has_auto(m)]
        if self.weight('pseudo'):
            wanted += [(p.source, p.target, p.set) for p in self.graph.pseudo_pairs]
        return wanted

    def _has_auto(self, modality: str) -> bool:
        return modality in self.graph.autoencoders

    def _encode_sets(self, batch: Batch) -> dict[tuple[str, str], Latent]:
        """Encodes each modality once, its samples of all sets together."""
        holding: dict[str, list[str]] = defaultdict(list)
        for name, held in self.graph.sets.items():
            for modality in held:
                if modality not in batch[name]:
                    raise ValueError(f'the batch of the set {name!r} lacks {modality!r}; it has {sorted(batch[name])}')
                holding[modality].append(name)
        latents = {}
        for modality, names in holding.items():
            inputs = [self.modalities[modality].to_input(batch[name][modality]) for name in names]
            latent = self.encoders[modality](torch.cat(inputs) if len(inputs) > 1 else inputs[0])
            parts = latent.split([part.shape[0] for part in inputs]) if len(inputs) > 1 else [latent]
            latents.update({(modality, name): part for name, part in zip(names, parts, strict=True)})
        return latents

    def _add_noise(self, modality: str, name: str, latent: Latent, batch: Batch) -> Latent:
        std = self.setting('noise')
        if not std or modality not in self.noise_on:
            return latent
        noise = batch.random.normal(*latent.h.shape).to(latent.h.dtype) * std
        return latent._replace(h=latent.h + (noise.abs() if self.noise_mode == 'abs' else noise))

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critics' term (least squares in the thesis, section 4.4.3), of all modalities that have a critic."""
        terms = []
        for modality, critic in self.discriminators.items():
            real = torch.cat([batch[name][modality] for name, held in self.graph.sets.items() if modality in held])
            fake = self._fakes(modality, batch.shared).detach()
            terms.append(self.losses['adversarial'].critic(critic(real), critic(fake)))
        return dict(adversarial=sum(terms))

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """All terms of the encoders and decoders (thesis section 4.4.3); each translation's is logged beside them."""
        shared: _Pass = batch.shared
        terms: dict[str, Tensor] = {}
        logged: dict[str, Tensor] = {}
        for source, target, name in self.graph.seen:
            value = self._compare(target, shared.predictions[source, target, name], batch[name][target])
            terms[target] = terms[target] + value if target in terms else value
            logged[f'{source}_to_{target}_{name}'] = value.detach()
        if self.weight('autoencoder'):
            terms['autoencoder'] = self._autoencoder_loss(batch, shared)
        if self.weight('latent'):
            terms['latent'] = sum(
                self.losses['latent'](shared.latents[a, name], shared.latents[b, name])
                for a, b, name in self.graph.latent_pairs
            )
        if self.weight('pseudo'):
            terms['pseudo'] = self._pseudo_loss(batch, shared)
        if self.weight('adversarial') and self.discriminators:
            terms['adversarial'] = sum(
                self.losses['adversarial'].generator(critic(self._fakes(modality, shared)))
                for modality, critic in self.discriminators.items()
            )
        return {**terms, **logged}

    def _compare(self, modality: str, prediction: Tensor, target: Tensor, synthesised: bool = False) -> Tensor:
        return self.modalities[modality].compare(self.losses[modality], prediction, target, synthesised)

    def _fakes(self, modality: str, shared: _Pass) -> Tensor:
        """Returns the images of a modality that seen translations and autoencoders made."""
        pseudo = {(p.source, p.target, p.set) for p in self.graph.pseudo_pairs}
        return torch.cat([x for key, x in shared.predictions.items() if key[1] == modality and key not in pseudo])

    def _autoencoder_loss(self, batch: Batch, shared: _Pass) -> Tensor:
        """Mean over a modality's samples of all sets, times the modality's own weight, summed over modalities."""
        total = 0.0
        for modality in self.graph.autoencoders:
            names = [name for name, held in self.graph.sets.items() if modality in held]
            prediction = torch.cat([shared.predictions[modality, modality, name] for name in names])
            target = torch.cat([batch[name][modality] for name in names])
            scale = self.losses['autoencoder'].scale(modality) * self.weight(modality)
            total = total + scale * self._compare(modality, prediction, target)
        return total

    def _pseudo_loss(self, batch: Batch, shared: _Pass) -> Tensor:
        total = 0.0
        targets: dict[tuple[str, str, str], Tensor] = {}
        for pair in self.graph.pseudo_pairs:
            key = (pair.via, pair.target, pair.set)
            if key not in targets:
                targets[key] = self._pseudo_target(*key, batch, shared)
            prediction = shared.predictions[pair.source, pair.target, pair.set]
            total = total + self._compare(pair.target, prediction, targets[key], synthesised=True)
        return total

    @torch.no_grad()
    def _pseudo_target(self, via: str, target: str, name: str, batch: Batch, shared: _Pass) -> Tensor:
        """Synthesises a target from the anchor in eval mode: no noise, running statistics, no gradient."""
        encoder, decoder = self.encoders[via], self.decoders[target]
        with sampling_mode([encoder, decoder]):
            if f'encoders.{via}' in self.trained['generator']:
                latent = self.encode(batch[name][via], via)
            else:
                latent = shared.latents[via, name]  # made in eval mode already
            prediction = decoder(latent)
        loss = self.losses['pseudo']
        return self.modalities[target].pseudo_target(prediction, loss.label, loss.min_confidence)

    # ------------------------------------------------------------------ inference

    def translating_networks(self) -> list[nn.Module]:
        """Returns the encoders and decoders."""
        return [self.encoders, self.decoders]

    def encode(self, values: Tensor, modality: str) -> Latent:
        """Encodes values of a modality, as a batch has them, without noise."""
        return self.encoders[modality](self.modalities[modality].to_input(values))

    def decode(self, latent: Latent, modality: str) -> Tensor:
        """Decodes a latent to a modality: the decoder's raw output, e.g. logits (N, K, H, W)."""
        return self.decoders[modality](latent)

    @torch.no_grad()
    def predict(
        self,
        inputs: Mapping[str, Tensor],
        targets: Sequence[str],
        via: Sequence[str] = (),
        **fusion: Any,
    ) -> dict[str, Tensor]:
        """Translates values of one or several modalities of the same samples; each is encoded once.

        Args:
            inputs: Values by modality, as a batch has them.
            targets: The modalities to make.
            via: Modalities that the translation goes through as images, in order: a cascade.
            **fusion: As :class:`LatentFusion`.

        Returns:
            The decoders' raw outputs by target.
        """
        check_known('the translation', [*inputs, *via, *targets], self.modalities)
        with sampling_mode(self.translating_networks(), self.batch_statistics):
            latent = self.fusion({name: self.encode(values, name) for name, values in inputs.items()}, **fusion)
            for modality in via:
                latent = self.encode(self.modalities[modality].to_values(self.decode(latent, modality)), modality)
            return {target: self.decode(latent, target) for target in targets}
