"""CycleGAN: two generators that undo each other, learned without pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from mmgentransfer.models.methods.mmnets.translator import UnpairedPass, UnpairedTranslator
from mmgentransfer.registry import MODELS

__all__ = ['CycleGAN']


@MODELS.register_module()
class CycleGAN(UnpairedTranslator):
    """CycleGAN between two domains of images, or between two modalities such as depth and labels (thesis table 4.4).

    Probabilities of a segmentation pass on to the second generator of a cycle and to the critic, whose real samples are
    one-hot maps.

    Its loss terms are those of :class:`UnpairedTranslator`; ``identity`` asks a generator to leave samples of its
    target as they are, and needs two domains of the same channels.

    Args:
        **kwargs: As :class:`UnpairedTranslator`; ``modalities`` are two, and ``networks`` has, beside the
            ``discriminators``, ``generators`` named ``<source>_to_<target>``, both ways.

    Raises:
        ValueError: There are not two modalities, or networks and modalities don't fit.
    """

    players = dict(critic=['discriminators'], generator=['generators'])
    own_term = 'identity'
    own_terms = ('adversarial', 'cycle', 'identity')

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(self.modalities) != 2:
            raise ValueError(f'model.modalities of a CycleGAN must be two, got {list(self.modalities)}')
        check_generators(self.generators, self.modalities, self.pairs)
        a, b = self.modalities.values()
        if 'identity' in self.losses and a.channels != b.channels:
            raise ValueError(
                f'model.losses.identity needs two modalities of the same channels, got {a.channels} and {b.channels}'
            )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Both ways between the two."""
        a, b = self.modalities
        return [(a, b), (b, a)]

    def run(self, inputs: Tensor, source: str, target: str) -> Tensor:
        """See :class:`ModalityTranslator`; there is no translation of a modality to itself."""
        if source == target:
            raise ValueError(f'a CycleGAN translates {self.pairs}, not {source!r} to itself')
        return self.network('generators')[f'{source}_to_{target}'](inputs)

    def translating_networks(self) -> list[nn.Module]:
        """Returns the generators."""
        return [self.network('generators')]

    def forward_pass(self, inputs: Mapping[str, Tensor]) -> UnpairedPass:
        """See :class:`UnpairedTranslator`."""
        generators = self.generators
        fakes = {(a, b): generators[f'{a}_to_{b}'](inputs[a]) for a, b in self.pairs}
        cycles, own = {}, {}
        if self.weight('cycle'):
            cycles = {(a, b): generators[f'{b}_to_{a}'](self.soften(fakes[a, b], b)) for a, b in self.pairs}
        if self.weight('identity'):
            own = {b: generators[f'{a}_to_{b}'](inputs[b]) for a, b in self.pairs}
        return UnpairedPass(fakes, cycles, own)


def check_generators(generators: nn.ModuleDict, modalities: Mapping[str, Any], pairs: list[tuple[str, str]]) -> None:
    """Checks that there is a generator for each of ``pairs``, from the source's channels to the target's.

    Raises:
        ValueError: One is missing, too many, or has other channels.
    """
    wanted = {f'{source}_to_{target}': (source, target) for source, target in pairs}
    if set(generators) != set(wanted):
        raise ValueError(f'model.networks.generators are {sorted(generators)}, they must be {sorted(wanted)}')
    for name, (source, target) in wanted.items():
        found = (generators[name].in_channels, generators[name].out_channels)
        needed = (modalities[source].channels, modalities[target].channels)
        if found != needed:
            raise ValueError(
                f'model.networks.generators.{name} has in_channels={found[0]} and out_channels={found[1]}, but the '
                f'modalities have {needed[0]} and {needed[1]} channels'
            )
