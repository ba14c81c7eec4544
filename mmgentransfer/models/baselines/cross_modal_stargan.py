"""StarGAN between modalities: one network for all translations, told which modality to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.layers.convolutions import DrawnModule, build_norm, conv_norm_relu
from mmgentransfer.models.methods.mmnets.translator import ModalityTranslator
from mmgentransfer.registry import MODELS

__all__ = ['CrossModalStarGAN', 'SharedBodyTranslator']

_IN = {'type': 'IN'}
_NORMAL = {'type': 'normal', 'std': 0.02}


@MODELS.register_module()
class SharedBodyTranslator(DrawnModule):
    """A translator whose first and last convolutions belong to a modality, and all between to every one.

    The first takes, beside the values, one constant map for each modality: 1 for the target, 0 for the others.

    Args:
        channels: Channels of each modality by its name.
        width: Channels between the first convolution and the body, and between the body and the last.
        body: Config of the network between them, e.g. an :class:`EncoderDecoder` of SegNet's; with a body whose first
            and last stages have one convolution less the whole is SegNet.
        norm_cfg: Config of the norms; None for none. Norms must not mix samples: modalities share a pass of the body.
        init: How the first and last weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: The body takes or gives other channels than ``width``.
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        width: int,
        body: dict[str, Any],
        norm_cfg: Mapping[str, Any] | None = _IN,
        init: Mapping[str, Any] = _NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        # the order of a mapping is lost when a config is stored, and the constant maps have an order
        self.channels = {name: channels[name] for name in sorted(channels)}
        self.body = MODELS.build(body)
        if (self.body.in_channels, self.body.out_channels) != (width, width):
            raise ValueError(
                f'SharedBodyTranslator.body must take and give width={width} channels, it has '
                f'in_channels={self.body.in_channels} and out_channels={self.body.out_channels}.'
            )
        self.input_multiple = self.body.input_multiple
        num = len(self.channels)
        self.first, self.last = nn.ModuleDict(), nn.ModuleDict()
        for name, c in self.channels.items():
            self.first[name] = nn.Sequential(*conv_norm_relu(nn.Conv2d(c + num, width, 3, padding=1), norm_cfg))
            norm = build_norm(norm_cfg, width)
            layers = [*([] if norm is None else [norm]), nn.ReLU(), nn.Conv2d(width, c, 3, padding=1)]
            self.last[name] = nn.Sequential(*layers)

    def draw_weights(self) -> None:
        """Draws the weights of the first and last convolutions; the body draws its own."""
        body, self.body = self.body, None
        super().draw_weights()
        self.body = body

    def forward(self, items: Sequence[tuple[Tensor, str, str]]) -> list[Tensor]:
        """Translates several batches in one pass of the body.

        Args:
            items: (values (N, C, H, W), source, target) of each, of one size.

        Returns:
            The raw outputs of each item, (N, channels of the target, H, W).
        """
        names = list(self.channels)
        hidden = []
        for values, source, target in items:
            maps = values.new_zeros(values.shape[0], len(names), *values.shape[-2:])
            maps[:, names.index(target)] = 1
            hidden.append(self.first[source](torch.cat([values, maps], dim=1)))
        parts = self.body(torch.cat(hidden)).split([len(values) for values, _, _ in items])
        return [self.last[target](part) for part, (_, _, target) in zip(parts, items, strict=True)]


class _Task(NamedTuple):
    """Samples of a source that are translated to a target: what networks take, and the values they come from."""

    inputs: Tensor
    values: Tensor
    source: str
    target: str


@MODELS.register_module()
class CrossModalStarGAN(ModalityTranslator):
    """StarGAN with modalities as domains (thesis tables 4.4 to 4.8).

    Each sample is translated to one other modality; a batch's samples of a modality go to the others in equal parts.
    The loss terms:

    - ``adversarial`` and ``gradient_penalty``: against the critic, modality by modality;
    - ``domain``: the critic tells the modality of real samples, and of translations for the generator;
    - ``reconstruction``: each sample from its translation, compared by its modality's own loss and weight; this is the
      unpaired variant;
    - ``supervised``: the translations between the modalities of aligned samples, likewise; this is the paired one.

    Args:
        **kwargs: As :class:`ModalityTranslator`; ``networks`` has the ``generator``, a :class:`SharedBodyTranslator`,
            and the ``critic``, a :class:`StarGANDiscriminator` of all modalities.

    Raises:
        ValueError: Networks and modalities don't fit, or a loss is missing.
    """

    players = dict(critic=['critic'], generator=['generator'])
    own_terms = ('adversarial', 'gradient_penalty', 'domain', 'reconstruction', 'supervised')

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        wanted = {name: modality.channels for name, modality in self.modalities.items()}
        for key, found in (
            ('generator.channels', self.generator.channels),
            ('critic.in_channels', self.critic.in_channels),
        ):
            if not isinstance(found, Mapping) or dict(found) != wanted:
                raise ValueError(f'model.networks.{key} must be {wanted}, the channels of the modalities, got {found}')
        if self.critic.num_domains != len(wanted):
            raise ValueError(
                f'model.networks.critic.num_domains={self.critic.num_domains} must be {len(wanted)}, the number of '
                'modalities'
            )
        if missing := [name for name in ('adversarial', 'domain') if name not in self.losses]:
            raise ValueError(f'model.losses lacks {missing}')

    def run(self, inputs: Tensor, source: str, target: str) -> Tensor:
        """See :class:`ModalityTranslator`."""
        return self.network('generator')([(inputs, source, target)])[0]

    def translating_networks(self) -> list[nn.Module]:
        """Returns the generator."""
        return [self.network('generator')]

    # ------------------------------------------------------------------ training

    def _tasks(self, batch: Batch) -> list[_Task]:
        tasks = []
        for source in self.modalities:
            values = self.values(batch, source)
            targets = [name for name in self.modalities if name != source]
            if len(values) < len(targets):
                raise ValueError(
                    f'train_dataloader.batch_size: an update has {len(values)} samples of {source!r}, and needs one '
                    f'for each of the other modalities, {len(targets)}'
                )
            tasks += [
                _Task(self.to_input(part, source), part, source, target)
                for part, target in zip(values.tensor_split(len(targets)), targets, strict=True)
            ]
        return tasks

    def _fakes(self, tasks: list[_Task], outputs: list[Tensor]) -> dict[str, Tensor]:
        """Returns the translations to each modality, as the critic takes them."""
        return {
            name: torch.cat(
                [self.soften(output, name) for task, output in zip(tasks, outputs, strict=True) if task.target == name]
            )
            for name in self.modalities
        }

    def _domains(self, name: str, num: int, like: Tensor) -> Tensor:
        domains = like.new_zeros(num, len(self.modalities))
        domains[:, list(self.modalities).index(name)] = 1
        return domains

    def critic_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The critic's terms, the mean over modalities."""
        tasks = self._tasks(batch)
        with torch.no_grad():
            fakes = self._fakes(tasks, self.generator([(t.inputs, t.source, t.target) for t in tasks]))
        terms: dict[str, list[Tensor]] = {'adversarial': [], 'gradient_penalty': [], 'domain': []}
        for name, fake in fakes.items():
            real = torch.cat([task.inputs for task in tasks if task.source == name])
            real_scores, logits = self.critic(real, name)
            fake_scores, _ = self.critic(fake, name)
            terms['adversarial'].append(self.losses['adversarial'].critic(real_scores, fake_scores))
            terms['domain'].append(self.losses['domain'](logits, self._domains(name, len(real), real)))
            if self.weight('gradient_penalty'):
                num = min(len(real), len(fake))
                # spread over the batches, in which sources follow each other
                real, fake = (x[torch.arange(num, device=x.device) * len(x) // num] for x in (real, fake))
                alpha = batch.random.uniform(num)
                terms['gradient_penalty'].append(
                    self.losses['gradient_penalty'](lambda x, name=name: self.critic(x, name), real, fake, alpha)
                )
        return {name: sum(values) / len(values) for name, values in terms.items() if values}

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The generator's terms."""
        tasks = self._tasks(batch)
        aligned = self._aligned(batch) if self.weight('supervised') else []
        outputs = self.generator([(t.inputs, t.source, t.target) for t in (*tasks, *(a for a, _ in aligned))])
        fakes = self._fakes(tasks, outputs[: len(tasks)])
        terms: dict[str, Any] = {'adversarial': 0.0, 'domain': 0.0}
        for name, fake in fakes.items():
            fake_scores, logits = self.critic(fake, name)
            terms['adversarial'] += self.losses['adversarial'].generator(fake_scores) / len(fakes)
            terms['domain'] += self.losses['domain'](logits, self._domains(name, len(fake), fake)) / len(fakes)
        logged = {}
        if self.weight('reconstruction'):
            back = [(self.soften(o, t.target), t.target, t.source) for t, o in zip(tasks, outputs, strict=False)]
            compared = [
                self.weight(task.source) * self.compare(task.source, output, task.values)
                for task, output in zip(tasks, self.generator(back), strict=True)
            ]
            terms['reconstruction'] = sum(compared)
            logged = {f'{t.source}_by_{t.target}': v.detach() for t, v in zip(tasks, compared, strict=True)}
        if aligned:
            compared = [
                self.weight(task.target) * self.compare(task.target, output, wanted)
                for (task, wanted), output in zip(aligned, outputs[len(tasks) :], strict=True)
            ]
            terms['supervised'] = sum(compared)
            logged |= {f'{t.source}_to_{t.target}': v.detach() for (t, _), v in zip(aligned, compared, strict=True)}
        return {**terms, **logged}

    def _aligned(self, batch: Mapping[str, Any]) -> list[tuple[_Task, Tensor]]:
        """Returns the translations within each set of aligned samples, with the values that they should give.

        Raises:
            ValueError: No set holds two modalities.
        """
        pairs = [
            (_Task(self.to_input(values, source), values, source, target), part[target])
            for part in batch.values()
            if isinstance(part, Mapping)
            for source, values in part.items()
            for target in part
            if source != target
        ]
        if not pairs:
            raise ValueError(
                'model.losses.supervised needs sets of aligned samples, as a DisjointSets data set deals them out'
            )
        return pairs
