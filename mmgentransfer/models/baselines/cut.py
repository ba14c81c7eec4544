"""CUT and FastCUT: translation one way, held to its input by contrasting patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from mmgentransfer.models.baselines.domain_checks import (
    check_loss_names,
    check_sides,
    check_two_domains,
    check_unpaired,
)
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import Batch
from mmgentransfer.models.layers.convolutions import DrawnModule, draw_convolutions
from mmgentransfer.registry import MODELS

__all__ = ['CUT', 'PatchFeatureHeads']

_XAVIER = {'type': 'xavier', 'gain': 0.02}
_TAPS = ('input', 'down1', 'down2', 'block1', 'block5')


@MODELS.register_module()
class PatchFeatureHeads(DrawnModule):
    """For each tap of a generator a network of two linear layers, applied to the features of single places.

    With the defaults it has 560,384 parameters.

    Args:
        taps: The taps' names.
        channels: Channels at each of them.
        width: Width of both layers.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last.

    Raises:
        ValueError: There are not as many channels as taps, or a tap is named twice.
    """

    def __init__(
        self,
        taps: Sequence[str] = _TAPS,
        channels: Sequence[int] = (3, 128, 256, 256, 256),
        width: int = 256,
        init: Mapping[str, Any] = _XAVIER,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        if len(taps) != len(channels) or len(set(taps)) < len(taps):
            raise ValueError(
                f'PatchFeatureHeads.taps={list(taps)} and channels={list(channels)} must be different names and as '
                'many numbers.'
            )
        self.channels = dict(zip(taps, channels, strict=True))
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(c, width), nn.ReLU(), nn.Linear(width, width))
                for name, c in self.channels.items()
            }
        )

    def draw_weights(self) -> None:
        """Draws all weights."""
        draw_convolutions(self, self.init, linear=True)

    def forward(self, features: Mapping[str, Tensor], places: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns unit vectors (N, P, width) by tap, for features (N, c, h, w) at ``places`` int64 (N, P) of h * w."""
        found = {}
        for name in self.channels:
            maps = features[name].flatten(2).mT
            chosen = maps.gather(1, places[name][:, :, None].expand(-1, -1, maps.shape[2]))
            found[name] = F.normalize(self.heads[name](chosen), dim=2)
        return found


class _Translated(NamedTuple):
    """What the shared pass gives: translations and inputs' features, and the same of the target's own images."""

    fakes: Tensor
    features: dict[str, Tensor]
    own: Tensor | None
    own_features: dict[str, Tensor]
    flipped: bool


@MODELS.register_module()
class CUT(DomainTranslator):
    """CUT, contrastive unpaired translation from the first of two domains to the second, which has no way back.

    The loss terms are ``adversarial``; ``nce``, the mean over taps of :class:`PatchNCELoss` between a translation and
    its input; and, if there is one, ``identity_nce``, the same between the generator's output for an image of the
    target and that image. FastCUT has a weight of 0 for ``identity_nce``, of 10 for ``nce``, and ``flip_equivariance``.

    Images are translated once an iteration, for both players.

    Args:
        domains: The source's and the target's name.
        num_patches: Number of places of an image that are contrasted, at each tap.
        flip_equivariance: Whether every second iteration, at random, inputs are mirrored before they are translated,
            but contrasted with the translations' patches at the mirrored places.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generator``, ``discriminator`` and ``feature_heads``,
            whose ``taps`` are read.

    Raises:
        ValueError: Networks don't fit each other, there are not two domains, or a loss is missing or unknown.
    """

    players = dict(discriminator=['discriminator'], generator=['generator', 'feature_heads'])
    shared_player = 'generator'

    def __init__(
        self, domains: Sequence[str], num_patches: int = 256, flip_equivariance: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(domains, **kwargs)
        check_two_domains('CUT', self.domains)
        check_loss_names(self.losses, ['adversarial', 'nce'], ['identity_nce'])
        if num_patches < 2:
            raise ValueError(f'model.num_patches={num_patches} must be at least 2')
        self.num_patches = num_patches
        self.flip_equivariance = flip_equivariance
        self.taps = list(self.feature_heads.channels)
        known = self.generator.tap_channels
        for name, channels in self.feature_heads.channels.items():
            if known.get(name) != channels:
                raise ValueError(
                    f'model.networks.feature_heads has the tap {name!r} with {channels} channels, but the taps of the '
                    f'generator and their channels are {known}'
                )

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """See :class:`AdversarialModel`."""
        check_unpaired(dataset, self.domains, key)
        check_sides(dict(generator=self.generator), dataset, self.domains, key)

    # ------------------------------------------------------------------ training

    def shared_pass(self, batch: Batch) -> _Translated:
        """Translates the source's images, and the target's own if the identity term is used."""
        source, target = (batch[name] for name in self.domains)
        num, identity = len(source), bool(self.weight('identity_nce'))
        inputs = torch.cat([source, target]) if identity else source
        flipped = self.flip_equivariance and batch.random.share() < 0.5
        if flipped:
            outputs = self.generator(inputs.flip(-1))
            with torch.no_grad():  # the keys are those of the inputs as they are, and no term trains them
                features = self.generator.features(inputs, self.taps)
        else:
            outputs, features = self.generator.forward_with_features(inputs, self.taps)
        return _Translated(
            fakes=outputs[:num],
            features={name: value[:num] for name, value in features.items()},
            own=outputs[num:] if identity else None,
            own_features={name: value[num:] for name, value in features.items()} if identity else {},
            flipped=flipped,
        )

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's term."""
        real_scores = self.discriminator(batch[self.domains[1]])
        fake_scores = self.discriminator(batch.shared.fakes.detach())
        return dict(adversarial=self.losses['adversarial'].critic(real_scores, fake_scores))

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the generator and the heads."""
        passed: _Translated = batch.shared
        terms = dict(adversarial=self.losses['adversarial'].generator(self.discriminator(passed.fakes)))
        num = len(passed.fakes)
        outputs = passed.fakes if passed.own is None else torch.cat([passed.fakes, passed.own])
        queries = self.generator.features(outputs, self.taps)
        if self.weight('nce'):
            first = {name: value[:num] for name, value in queries.items()}
            terms['nce'] = self._contrast('nce', first, passed.features, batch, passed.flipped)
        if passed.own is not None:
            second = {name: value[num:] for name, value in queries.items()}
            terms['identity_nce'] = self._contrast('identity_nce', second, passed.own_features, batch, passed.flipped)
        return terms

    def _contrast(
        self, term: str, queries: dict[str, Tensor], keys: dict[str, Tensor], batch: Batch, flipped: bool
    ) -> Tensor:
        """Returns a loss of patches, the mean over taps; queries of a mirrored pass are mirrored back."""
        places = {
            name: batch.random.uniform(len(maps), maps[0, 0].numel()).topk(min(self.num_patches, maps[0, 0].numel()))[1]
            for name, maps in keys.items()
        }
        if flipped:
            queries = {name: maps.flip(-1) for name, maps in queries.items()}
        ours = self.feature_heads(queries, places)
        with torch.no_grad():
            theirs = self.feature_heads(keys, places)
        return torch.stack([self.losses[term](ours[name], theirs[name]) for name in self.taps]).mean()

    # ------------------------------------------------------------------ inference

    @property
    def targets(self) -> list[str]:
        """See :class:`DomainTranslator`."""
        return self.domains[1:]

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None = None, which: str = 'ema'
    ) -> Tensor:
        """See :class:`DomainTranslator`.

        Raises:
            ValueError: The target is the source.
        """
        if (targets.argmax(1) != 1).any():
            raise ValueError(
                f'this CUT translates {self.domains[0]!r} to {self.domains[1]!r} only: the way back is a run of its '
                'own, with model.domains in the other order'
            )
        return self.network('generator', which)(values)[:, None]

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """See :class:`DomainTranslator`."""
        return [self.network('generator', which)]
