"""pix2pix: translation learned from aligned samples, with a critic that sees the source as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import StepDropout
from mmgentransfer.models.baselines.cyclegan import check_generators
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.mmnets.translator import ModalityTranslator
from mmgentransfer.registry import MODELS

__all__ = ['Pix2Pix']


@MODELS.register_module()
class Pix2Pix(ModalityTranslator):
    """One generator for each translation, trained on aligned samples of its two modalities.

    With ``rgb_to_segmentation`` and ``depth_to_rgb`` it is the '2 x pix2pix' of thesis table 4.4: the two share nothing
    but the iteration, and ``predict(..., via=['rgb'])`` puts them one behind the other.

    The loss terms are one named as each modality, for the translations to it (L1 of images, cross entropy of labels,
    BerHu of depth), and ``adversarial`` for the translations that have a critic.

    A batch is one of aligned samples, or of sets of them; a translation learns from every set that holds both its
    modalities.

    Args:
        **kwargs: As :class:`ModalityTranslator`; ``networks`` has ``generators`` named ``<source>_to_<target>``, and
            ``discriminators`` for all or some of them, under the same names, which take source and target together.

    Raises:
        ValueError: A generator is named otherwise, or networks and modalities don't fit.
    """

    players = dict(critic=['discriminators'], generator=['generators'])
    shared_player = 'generator'
    own_terms = ('adversarial',)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = {f'{a}_to_{b}': (a, b) for a in self.modalities for b in self.modalities if a != b}
        for key, networks in (('generators', self.generators), ('discriminators', self.discriminators)):
            if unknown := [name for name in networks if name not in known]:
                raise ValueError(f'model.networks.{key} has {unknown[0]!r}; possible are {sorted(known)}')
        self.translations = {name: known[name] for name in sorted(self.generators)}
        check_generators(self.generators, self.modalities, list(self.translations.values()))
        if unseen := [m for m in self.modalities if m not in {m for pair in self.translations.values() for m in pair}]:
            raise ValueError(f'model.modalities has {unseen}, which no generator takes or makes')
        for name, critic in self.discriminators.items():
            wanted = sum(self.modalities[m].channels for m in known[name])
            if name not in self.generators or critic.in_channels != wanted:
                raise ValueError(
                    f'model.networks.discriminators.{name} must go with a generator of that name and have '
                    f'in_channels={wanted}, source and target together; it has {critic.in_channels}'
                )
        if self.discriminators and 'adversarial' not in self.losses:
            raise ValueError(f"model.losses lacks 'adversarial', for the discriminators {list(self.discriminators)}")
        self._dropouts = [module for module in self.generators.modules() if isinstance(module, StepDropout)]

    def run(self, inputs: Tensor, source: str, target: str) -> Tensor:
        """See :class:`ModalityTranslator`."""
        if (source, target) not in self.translations.values():
            raise ValueError(f'no generator translates {source!r} to {target!r}; there are {list(self.translations)}')
        return self.network('generators')[f'{source}_to_{target}'](inputs)

    def translating_networks(self) -> list[nn.Module]:
        """Returns the generators."""
        return [self.network('generators')]

    # ------------------------------------------------------------------ training

    def aligned(self, batch: Mapping[str, Any], source: str, target: str) -> tuple[Tensor, Tensor]:
        """Returns the values of aligned samples, those of all sets that hold both modalities together.

        Raises:
            ValueError: No set holds both.
        """
        sets = batch.values() if any(isinstance(part, Mapping) for part in batch.values()) else [batch]
        holding = [part for part in sets if source in part and target in part]
        if not holding:
            raise ValueError(f'{source}_to_{target} needs samples with both modalities; no set of the batch has them')
        a, b = ([part[name] for part in holding] for name in (source, target))
        return (a[0], b[0]) if len(holding) == 1 else (torch.cat(a), torch.cat(b))

    def shared_pass(self, batch: Batch) -> dict[str, Tensor]:
        """Returns the raw output of each generator."""
        for dropout in self._dropouts:
            dropout.random = batch.random
        outputs = {}
        for name, (source, target) in self.translations.items():
            values, _ = self.aligned(batch, source, target)
            outputs[name] = self.generators[name](self.to_input(values, source))
        return outputs

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The conditional critics' term."""
        total = 0.0
        for name, critic in self.discriminators.items():
            source, target = self.translations[name]
            condition, real = self.aligned(batch, source, target)
            condition = self.to_input(condition, source)
            fake = self.soften(batch.shared[name].detach(), target)
            real_scores = critic(torch.cat([condition, self.to_input(real, target)], dim=1))
            fake_scores = critic(torch.cat([condition, fake], dim=1))
            total = total + self.losses['adversarial'].critic(real_scores, fake_scores)
        return dict(adversarial=total)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generators' terms; each translation's is logged beside them."""
        terms: dict[str, Tensor] = {}
        logged: dict[str, Tensor] = {}
        for name, (source, target) in self.translations.items():
            values, wanted = self.aligned(batch, source, target)
            value = self.compare(target, batch.shared[name], wanted)
            terms[target] = terms[target] + value if target in terms else value
            logged[name] = value.detach()
            if name in self.discriminators and self.weight('adversarial'):
                fake = self.soften(batch.shared[name], target)
                fake_scores = self.discriminators[name](torch.cat([self.to_input(values, source), fake], dim=1))
                value = self.losses['adversarial'].generator(fake_scores)
                terms['adversarial'] = terms.get('adversarial', 0.0) + value
        return {**terms, **logged}
