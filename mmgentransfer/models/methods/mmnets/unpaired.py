"""Mix and match networks for domains without pairs (thesis section 4.3.4 and appendix A.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from mmgentransfer.models.backbones.segnet import Latent
from mmgentransfer.models.methods.mmnets.checks import check_known, check_networks
from mmgentransfer.models.methods.mmnets.graph import TranslationGraph
from mmgentransfer.models.methods.mmnets.translator import UnpairedPass, UnpairedTranslator
from mmgentransfer.registry import MODELS

__all__ = ['UnpairedMixAndMatchNets']


@MODELS.register_module()
class UnpairedMixAndMatchNets(UnpairedTranslator):
    """One encoder and one decoder for each domain; only translations from and to the anchor are trained.

    Between N domains there are 2 (N - 1) seen translations, and (N - 1) (N - 2) unseen ones, which put an encoder and a
    decoder together that never met. Domains may be modalities as well, if all decoders fit behind all encoders.

    The loss terms are those of :class:`UnpairedTranslator`, with ``autoencoder``, each domain from its own latent.

    Args:
        anchor: The domain that every other is translated to and from.
        **kwargs: As :class:`UnpairedTranslator`; ``networks`` has ``encoders``, ``decoders`` and ``discriminators``, a
            config by domain each.

    Raises:
        ValueError: The anchor is no domain, or networks and domains don't fit.

    Attributes:
        graph: The seen and unseen translations.
    """

    players = dict(critic=['discriminators'], generator=['encoders', 'decoders'])
    own_term = 'autoencoder'
    own_terms = ('adversarial', 'cycle', 'autoencoder')

    def __init__(self, anchor: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_known('model.anchor', [anchor], list(self.modalities))
        check_networks(self.modalities, self.encoders, self.decoders)
        others = [name for name in self.modalities if name != anchor]
        self.graph = TranslationGraph({name: [anchor, name] for name in others}, anchor, pseudo_pairs=[])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """From the anchor to each other domain, and back."""
        return [(pair.source, pair.target) for pair in self.graph.seen]

    def run(self, inputs: Tensor, source: str, target: str) -> Tensor:
        """See :class:`ModalityTranslator`; every translation, seen or not, and each domain to itself."""
        return self.network('decoders')[target](self.network('encoders')[source](inputs))

    def translating_networks(self) -> list[nn.Module]:
        """Returns the encoders and decoders."""
        return [self.network('encoders'), self.network('decoders')]

    def encode(self, values: Tensor, modality: str) -> Latent:
        """Encodes values of a domain, as a batch has them."""
        return self.network('encoders')[modality](self.to_input(values, modality))

    def forward_pass(self, inputs: Mapping[str, Tensor]) -> UnpairedPass:
        """See :class:`UnpairedTranslator`; each domain is encoded once."""
        latents = {name: self.encoders[name](x) for name, x in inputs.items()}
        fakes = {(a, b): self.decoders[b](latents[a]) for a, b in self.pairs}
        cycles, own = {}, {}
        if self.weight('cycle'):
            cycles = {(a, b): self.decoders[a](self.encoders[b](self.soften(fakes[a, b], b))) for a, b in self.pairs}
        if self.weight('autoencoder'):
            own = {name: self.decoders[name](latent) for name, latent in latents.items()}
        return UnpairedPass(fakes, cycles, own)
