"""What translators between modalities share that have no common latent space, and the game of those without pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.models.methods.mmnets.checks import check_known, check_values
from mmgentransfer.models.methods.mmnets.image_pool import ImagePool
from mmgentransfer.models.methods.mmnets.modality_model import ModalityModel
from mmgentransfer.registry import suggest

__all__ = ['ModalityTranslator', 'UnpairedTranslator']


class ModalityTranslator(ModalityModel):
    """A translator from one modality, or domain of images, to another.

    A batch holds values by modality, ``batch['depth']``, or by set and modality, ``batch['RD']['depth']``.

    A subclass says which networks translate and defines :meth:`run`, which is all that inference needs.

    Args:
        modalities: Config of each modality by name. Domains of images are :class:`ImageModality` each.
        batch_statistics: Whether norms use the batch's own statistics at test, as the code of pix2pix does.
        **kwargs: As :class:`AdversarialModel`.

    Raises:
        ValueError: Networks, losses and modalities don't fit each other.
    """

    own_terms: tuple[str, ...] = ()
    """Names of the loss terms beside those of the modalities."""

    def __init__(self, modalities: dict[str, dict], batch_statistics: bool = False, **kwargs: Any) -> None:
        # the order of a mapping is lost when a config is stored, and random numbers are drawn in this one
        super().__init__({name: modalities[name] for name in sorted(modalities)}, batch_statistics, **kwargs)
        if len(self.modalities) < 2:
            raise ValueError(f'model.modalities must be two or more, got {list(self.modalities)}')
        known = [*self.modalities, *self.own_terms]
        for name in self.losses:
            if name not in known:
                raise ValueError(f'model.losses has {name!r}, the method has {known}.{suggest(name, known)}')
        if missing := [name for name in self.modalities if name not in self.losses]:
            raise ValueError(f'model.losses lacks {missing}: every modality needs a loss of its name')

    # ------------------------------------------------------------------ what a subclass defines

    def run(self, inputs: Tensor, source: str, target: str) -> Tensor:
        """Translates what a network takes of the modality ``source`` to a raw output of ``target``, e.g. logits.

        Raises:
            ValueError: The model has no such translation.
        """
        raise NotImplementedError

    # ------------------------------------------------------------------ values

    def values(self, batch: Mapping[str, Any], modality: str) -> Tensor:
        """Returns the values of a modality in a batch, those of all its sets together.

        Raises:
            ValueError: The batch has none.
        """
        parts = [part for name, part in _parts(batch) if name == modality]
        if not parts:
            held = sorted({name for name, _ in _parts(batch)})
            raise ValueError(f'the batch lacks {modality!r}; it has {held}')
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def to_input(self, values: Tensor, modality: str) -> Tensor:
        """Maps values to what networks take, e.g. labels to one-hot maps."""
        return self.modalities[modality].to_input(values)

    def soften(self, output: Tensor, modality: str) -> Tensor:
        """Maps a raw output to what networks take, with a gradient: the probabilities of a segmentation."""
        return self.modalities[modality].pseudo_target(output, 'soft', 0.0)

    def compare(self, modality: str, output: Tensor, values: Tensor) -> Tensor:
        """Returns the modality's loss of a raw output against values."""
        return self.modalities[modality].compare(self.losses[modality], output, values)

    # ------------------------------------------------------------------ checks

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks the shape and range of the first samples.

        Raises:
            ValueError: A modality is missing in training, sides don't suit the networks, or labels are no classes.
        """
        training = key == 'train_dataloader'
        found = list(_parts(self.some_samples(dataset, training)))
        if training and (missing := [name for name in self.modalities if name not in dict(found)]):
            raise ValueError(f'{key}.dataset has {sorted(dict(found))}, but the model needs {missing} as well')
        for name, values in found:
            check_values(self.modalities, self.input_multiple, {name: values}, key)

    # ------------------------------------------------------------------ inference

    @torch.no_grad()
    def predict(
        self, inputs: Mapping[str, Tensor], targets: Sequence[str], via: Sequence[str] = ()
    ) -> dict[str, Tensor]:
        """Translates values of one modality.

        Args:
            inputs: The values by the modality's name, as a batch has them.
            targets: The modalities to make.
            via: Modalities that the translation goes through, in order: a cascade.

        Returns:
            Raw outputs by target.

        Raises:
            ValueError: There are several inputs, or the model has no such translation.
        """
        check_known('the translation', [*inputs, *via, *targets], list(self.modalities))
        if len(inputs) != 1:
            raise ValueError(f'a {type(self).__name__} translates one input, got {list(inputs)}')
        ((source, values),) = inputs.items()
        with sampling_mode(self.translating_networks(), self.batch_statistics):
            for modality in via:
                values = self.modalities[modality].to_values(self.run(self.to_input(values, source), source, modality))
                source = modality
            return {target: self.run(self.to_input(values, source), source, target) for target in targets}


def _parts(batch: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yields (modality, values) of a batch of modalities, or of sets of them."""
    for name, part in batch.items():
        yield from part.items() if isinstance(part, Mapping) else [(name, part)]


class UnpairedPass(NamedTuple):
    """Raw outputs of one forward pass.

    Attributes:
        fakes: By (source, target).
        cycles: By (source, target): to the target and back to the source.
        own: By modality: what a term asks to be equal to its input, an autoencoder's or an identity's output.
    """

    fakes: dict[tuple[str, str], Tensor]
    cycles: dict[tuple[str, str], Tensor]
    own: dict[str, Tensor]


class UnpairedTranslator(ModalityTranslator):
    """The game of translators that learn without pairs: critics, and cycles that lead back to where they began.

    The loss terms:

    - ``adversarial``: each translation against the critic of its target;
    - ``cycle``: each modality from itself by way of another;
    - ``own_term``: each modality from itself directly.

    The last two compare by the loss that is named as the modality, times that loss's weight. The critic of a modality
    that several others are translated to is shown, for each real sample, the translation of one of them, chosen at
    random. The iteration makes every translation once, for critics and translators alike.

    Args:
        pool_size: Number of earlier fakes of each modality that critics are shown half of the time; 0 for none.
        image_size: Side of the samples, which the pools need.
        **kwargs: As :class:`ModalityTranslator`; ``networks`` has ``discriminators`` by modality.

    Raises:
        ValueError: A modality has no critic, or ``pool_size`` goes without ``image_size``.
    """

    shared_player = 'generator'
    own_term = ''

    def __init__(self, pool_size: int = 0, image_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if set(self.discriminators) != set(self.modalities):
            raise ValueError(
                f'model.networks.discriminators are {sorted(self.discriminators)}, the modalities '
                f'{sorted(self.modalities)}: each needs one'
            )
        for name, modality in self.modalities.items():
            found = self.discriminators[name].in_channels
            if found != modality.channels:
                raise ValueError(
                    f'model.networks.discriminators.{name}.in_channels is {found}, but {name!r} has '
                    f'{modality.channels} channels'
                )
        if missing := [name for name in ('adversarial', 'cycle') if name not in self.losses]:
            raise ValueError(f'model.losses lacks {missing}; give a term that you do not want loss_weight=0')
        if pool_size < 0 or (pool_size and not image_size):
            raise ValueError(
                f'model.pool_size={pool_size} must be 0 or a number of images, and needs model.image_size, the side '
                f'of the samples; it is {image_size}'
            )
        self.pools = nn.ModuleDict()
        if pool_size:
            self.pools = nn.ModuleDict(
                {name: ImagePool(pool_size, m.channels, image_size) for name, m in self.modalities.items()}
            )

    # ------------------------------------------------------------------ what a subclass defines

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The (source, target) that are trained, both ways."""
        raise NotImplementedError

    def forward_pass(self, inputs: Mapping[str, Tensor]) -> UnpairedPass:
        """Makes the translations, cycles and own outputs of what networks take of each modality.

        A term of weight 0 needs none.
        """
        raise NotImplementedError

    # ------------------------------------------------------------------ training

    def shared_pass(self, batch: Batch) -> UnpairedPass:
        """Makes every translation of the iteration once."""
        return self.forward_pass({name: self.to_input(self.values(batch, name), name) for name in self.modalities})

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critics' terms; each modality's is logged beside their sum."""
        terms = {}
        for name in self.modalities:
            critic = self.discriminators[name]
            real = self.to_input(self.values(batch, name), name)
            with torch.no_grad():
                fake = self._shown(name, batch)
            terms[name] = self.losses['adversarial'].critic(critic(real), critic(fake))
        return dict(adversarial=sum(terms.values())) | {f'adversarial_{k}': v.detach() for k, v in terms.items()}

    def _shown(self, name: str, batch: Batch) -> Tensor:
        """Returns the fakes of a modality that its critic is shown."""
        fakes = [output.detach() for (_, target), output in batch.shared.fakes.items() if target == name]
        fake = fakes[0]
        if len(fakes) > 1:
            num = min(map(len, fakes))
            rows = torch.arange(num, device=fake.device)
            fake = torch.stack([part[:num] for part in fakes])[batch.random.integers(len(fakes), num), rows]
        fake = self.soften(fake, name)
        return self.pools[name].exchange(fake, batch.random) if name in self.pools else fake

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The translators' terms; each direction's are logged beside their sums."""
        shared: UnpairedPass = batch.shared
        logged: dict[str, Tensor] = {}
        terms = {'adversarial': 0.0} if self.weight('adversarial') else {}
        for name in self.modalities if self.weight('adversarial') else ():
            outputs = {pair: output for pair, output in shared.fakes.items() if pair[1] == name}
            scored = self.discriminators[name](torch.cat([self.soften(output, name) for output in outputs.values()]))
            for (source, _), part in zip(outputs, scored.split([len(x) for x in outputs.values()]), strict=True):
                value = self.losses['adversarial'].generator(part)
                terms['adversarial'] = terms['adversarial'] + value
                logged[f'adversarial_{source}_to_{name}'] = value.detach()
        if self.weight('cycle'):
            compared = {
                pair: self.weight(pair[0]) * self.compare(pair[0], output, self.values(batch, pair[0]))
                for pair, output in shared.cycles.items()
            }
            terms['cycle'] = sum(compared.values())
            logged |= {f'cycle_{source}_by_{target}': v.detach() for (source, target), v in compared.items()}
        if self.weight(self.own_term):
            terms[self.own_term] = sum(
                self.weight(name) * self.compare(name, output, self.values(batch, name))
                for name, output in shared.own.items()
            )
        return {**terms, **logged}
