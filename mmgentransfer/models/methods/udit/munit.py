"""MUNIT, diverse translation between two domains, and UDIT, which keeps a property of the input (thesis chapter 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.models.constraints import measure_constraints
from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.models.game import Batch
from mmgentransfer.models.losses.semantic import FrozenFeatureLoss, SemanticConstraintLoss
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.registry import MODELS, suggest

from .networks import ContentCode

__all__ = ['MUNIT', 'UDIT']

_TERMS = ('adversarial', 'reconstruction', 'content', 'style', 'cycle')
_NEEDED = ('adversarial', 'reconstruction', 'content', 'style')


class Encoded(NamedTuple):
    """What an iteration's images are encoded to, by domain.

    Attributes:
        contents: Their contents.
        styles: Their styles (N, Z); empty if no term needs them.
    """

    contents: dict[str, ContentCode]
    styles: dict[str, Tensor]


@MODELS.register_module()
class MUNIT(DomainTranslator):
    """MUNIT: images of two domains share a content, and each domain has styles that are drawn from N(0, I).

    A batch has images of both domains by their names, as :class:`UnpairedDomains` gives them. An iteration encodes its
    images once; the discriminators' and the translators' updates draw styles of their own. The loss terms, each the sum
    over both domains or directions (thesis eqs. 5.4 to 5.8), are logged for each as well:

    - ``adversarial`` (both players): the discriminator of the target, the sum over its scales;
    - ``reconstruction``: an image from its own content and style;
    - ``content``, ``style``: the code that a translation was made of, from the translation;
    - ``cycle`` (optional): an image from its translation's content and its own style;
    - any number of terms of other names, which are of type :class:`SemanticConstraintLoss` (what makes it UDIT) or
      :class:`DomainInvariantPerceptualLoss`.

    Args:
        domains: Names of the two domains.
        detach_content_target: Whether the content that a translation should have gives no gradient to its encoder.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``content_encoders``, ``style_encoders``, ``decoders``
            and ``discriminators``, each a dict of configs by domain, or one config for both.

    Raises:
        ValueError: There are not two domains, networks don't fit each other, or a loss is missing or unknown.
    """

    players = dict(discriminator=['discriminators'], generator=['content_encoders', 'style_encoders', 'decoders'])
    shared_player = 'generator'

    def __init__(
        self, domains: Sequence[str], networks: Mapping[str, Any], detach_content_target: bool = False, **kwargs: Any
    ) -> None:
        both = {
            name: dict.fromkeys(domains, cfg) if isinstance(cfg, Mapping) and 'type' in cfg else cfg
            for name, cfg in networks.items()
        }
        super().__init__(domains=domains, networks=both, **kwargs)
        if len(self.domains) != 2:
            raise ValueError(f'model.domains of a {type(self).__name__} are two, got {self.domains}')
        self.detach_content_target = detach_content_target
        self.directions = [tuple(self.domains), tuple(reversed(self.domains))]
        self.constraints = {name: loss for name, loss in self.losses.items() if isinstance(loss, FrozenFeatureLoss)}
        self._check_networks()
        self._check_losses()

    # ------------------------------------------------------------------ checks

    def _check_networks(self) -> None:
        for name in self.network_names:
            if set(getattr(self, name)) != set(self.domains):
                raise ValueError(
                    f'model.networks.{name} has {sorted(getattr(self, name))}; it needs the domains {self.domains}, '
                    'or be one config for both'
                )
        widths = {
            f'{name}.{domain}.style_dim': getattr(self, name)[domain].style_dim
            for name in ('style_encoders', 'decoders')
            for domain in self.domains
        }
        if len(set(widths.values())) > 1:
            raise ValueError(f'model.networks: every style_dim must be the same, got {widths}')
        channels = {f'content_encoders.{d}': self.content_encoders[d].out_channels for d in self.domains}
        channels |= {f'decoders.{d}': self.decoders[d].content_channels for d in self.domains}
        if len(set(channels.values())) > 1:
            raise ValueError(f'model.networks: the channels of the contents must be the same, got {channels}')

    def _check_losses(self) -> None:
        for name, loss in self.losses.items():
            if name not in _TERMS and name not in self.constraints:
                known = list(_TERMS)
                raise ValueError(
                    f'model.losses has {name!r}, a {type(loss).__name__}; the method has {known}.'
                    f'{suggest(name, known)} A constraint may have any other name, and is of type '
                    'SemanticConstraintLoss or DomainInvariantPerceptualLoss'
                )
        if missing := [name for name in _NEEDED if name not in self.losses]:
            raise ValueError(f'model.losses lacks {missing}; give a term that you do not want loss_weight=0')
        names = [f'{source}_to_{target}' for source, target in self.directions]
        for key, loss in self.constraints.items():
            for name in loss.directions or []:
                if name not in names:
                    raise ValueError(
                        f'model.losses.{key}.directions names {name!r}; the translations are {names}.'
                        f'{suggest(name, names)}'
                    )
            if loss.value_range != self.data_preprocessor.value_range:
                raise ValueError(
                    f'model.losses.{key}.value_range={loss.value_range} must be that of model.data_preprocessor, '
                    f'{self.data_preprocessor.value_range}'
                )

    def check_dataset(self, dataset: Dataset, key: str = 'train_dataloader') -> None:
        """Checks the first images and, before training, measures the scales of the constraints on some.

        Raises:
            ValueError: A domain is missing, images don't suit the networks, or a constraint can't be measured.
            FileNotFoundError: The weights of a constraint's network are missing.
        """
        items = dataset[0]
        training = key == 'train_dataloader'
        if training and (missing := [name for name in self.domains if name not in items]):
            raise ValueError(
                f'{key}.dataset has {sorted(items)}, but model.domains are {self.domains}: {missing} are missing; take '
                'an UnpairedDomains whose domains have these names'
            )
        crop = getattr(self.data_preprocessor, 'random_crop', None) if training else None
        for name in [name for name in (*self.domains, 'images') if name in items]:
            channels, *sides = items[name].shape
            shape = (channels, *(sides if crop is None else (crop, crop)))
            judged = ['discriminators'] if training else []
            self._check_shape(f'{key}.dataset, {name!r}', shape, ['content_encoders', 'style_encoders', *judged])
        if training:
            measure_constraints(self, list(self.constraints), dataset)

    def _check_shape(self, where: str, shape: tuple[int, ...], names: Sequence[str]) -> None:
        for name in names:
            for domain, network in getattr(self, name).items():
                key = f'model.networks.{name}.{domain}'
                if network.in_channels != shape[0]:
                    raise ValueError(f'{where}: {shape[0]} channels, but {key}.in_channels is {network.in_channels}')
                if any(side % network.input_multiple for side in shape[1:]):
                    raise ValueError(
                        f'{where}: {shape[1]}x{shape[2]} pixels, but {key} takes multiples of {network.input_multiple}'
                    )
                if min(shape[1:]) < network.min_side:
                    raise ValueError(
                        f'{where}: {shape[1]}x{shape[2]} pixels, but {key} takes sides of {network.min_side} and more: '
                        'give it fewer halvings, scales or smaller kernels'
                    )

    # ------------------------------------------------------------------ training

    def shared_pass(self, batch: Batch) -> Encoded:
        """Encodes the images of the iteration."""
        contents = {name: self.content_encoders[name](batch[name]) for name in self.domains}
        styles = {}
        if self.weight('reconstruction') or self.weight('cycle'):
            styles = {name: self.style_encoders[name](batch[name]) for name in self.domains}
        return Encoded(contents, styles)

    def _drawn_styles(self, batch: Batch) -> dict[str, Tensor]:
        """Returns styles of each domain for the translations to it."""
        return {target: batch.random.normal(len(batch[source]), self.code_dim) for source, target in self.directions}

    def discriminator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminators' terms (thesis eq. 5.4)."""
        styles, values = self._drawn_styles(batch), {}
        for source, target in self.directions:
            with torch.no_grad():
                fake = self.decoders[target](batch.shared.contents[source].detach(), styles[target])
            real = batch[target]
            maps = [part.split([len(real), len(fake)]) for part in self.discriminators[target](torch.cat([real, fake]))]
            values[target] = sum(self.losses['adversarial'].critic(*pair) for pair in maps)
        return _summed('adversarial', values)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The translators' terms (thesis eq. 5.8)."""
        contents, own_styles = batch.shared
        styles, losses = self._drawn_styles(batch), self.losses
        values: dict[str, dict[str, Tensor]] = {}

        def add(term: str, key: str, value: Tensor) -> None:
            values.setdefault(term, {})[key] = value

        fakes: dict[tuple[str, str], Tensor] = {}
        for source, target in self.directions:
            if self.weight('reconstruction'):  # one pass of a decoder for what it makes
                codes = ContentCode.cat([contents[target], contents[source]])
                made = self.decoders[target](codes, torch.cat([own_styles[target], styles[target]]))
                own, fake = made.split([len(batch[target]), len(batch[source])])
                add('reconstruction', target, losses['reconstruction'](own, batch[target]))
            else:
                fake = self.decoders[target](contents[source], styles[target])
            fakes[source, target] = fake
        for (source, target), fake in fakes.items():
            if self.weight('adversarial'):
                scored = self.discriminators[target](fake)
                add('adversarial', target, sum(map(losses['adversarial'].generator, scored)))
            if self.weight('content') or self.weight('cycle'):
                again = self.content_encoders[target](fake)
            if self.weight('content'):
                kept = contents[source].content
                kept = kept.detach() if self.detach_content_target else kept
                add('content', source, losses['content'](again.content, kept))
            if self.weight('style'):
                add('style', target, losses['style'](self.style_encoders[target](fake), styles[target]))
            if self.weight('cycle'):
                back = self.decoders[source](again, own_styles[source])
                add('cycle', source, losses['cycle'](back, batch[source]))
        for name, loss in self.constraints.items():
            if self.weight(name):
                pairs = [pair for pair in self.directions if loss.applies_to(*pair)]
                terms = loss.each([batch[source] for source, _ in pairs], [fakes[pair] for pair in pairs])
                for (source, target), value in zip(pairs, terms, strict=True):
                    add(name, f'{source}_to_{target}', value)
        return {key: value for term, parts in values.items() for key, value in _summed(term, parts).items()}

    # ------------------------------------------------------------------ inference

    @property
    def code_dim(self) -> int:
        """Width Z of a style."""
        return self.decoders[self.domains[0]].style_dim

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns the content encoders and the decoders."""
        return [self.network(name, which) for name in ('content_encoders', 'decoders')]

    def translate_values(self, values: Tensor, targets: Tensor, codes: Tensor, which: str = 'ema') -> Tensor:
        """See :class:`DomainTranslator`: images come from the domain that is not their target."""
        encoders, decoders = self.translating_networks(which)
        chosen = targets.argmax(1)
        outputs: Tensor | None = None
        for place, (target, source) in enumerate(self.directions):
            rows = (chosen == place).nonzero()[:, 0]
            if not len(rows):
                continue
            content = encoders[source](values[rows]).repeat(codes.shape[1])
            made = decoders[target](content, codes[rows].flatten(0, 1)).unflatten(0, (len(rows), codes.shape[1]))
            if outputs is None:
                outputs = made.new_empty(len(values), *made.shape[1:])
            outputs[rows] = made
        return values.new_empty(0, codes.shape[1], *values.shape[1:]) if outputs is None else outputs

    def reconstruct_values(self, values: Tensor, own: Tensor, which: str = 'ema') -> Tensor:
        """Rebuilds values (N, C, H, W) of images, whose domains are ``own`` (N, 2), from their contents and styles."""
        outputs = torch.empty_like(values)
        chosen = own.argmax(1)
        for place, name in enumerate(self.domains):
            rows = (chosen == place).nonzero()[:, 0]
            if len(rows):
                content = self.network('content_encoders', which)[name](values[rows])
                style = self.network('style_encoders', which)[name](values[rows])
                outputs[rows] = self.network('decoders', which)[name](content, style)
        return outputs

    def translate(
        self,
        images: np.ndarray,
        target: Target,
        num_samples: int | None = None,
        seed: int = 0,
        codes: Any = None,
        which: str = 'ema',
        style_from: np.ndarray | None = None,
        style: Any = None,
    ) -> np.ndarray:
        """Translates images to the other domain; see :class:`DomainTranslator`.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C), of the domain that is not the target.
            target: A domain's name, or a vector for each image, (N, 2).
            num_samples: Number of outputs K for each image, of styles that are drawn.
            seed: Of the styles.
            codes: Styles in place of drawn ones: (K, Z), the same K for all images, or (N, K, Z).
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            style_from: Images of the target, uint8 (K, H, W, C) or one (H, W, C), whose styles are taken: the same K
                for all images.
            style: Styles by image in place of ``codes``: (Z,), one for all; (N, Z), one for each; or (N, K, Z).

        Returns:
            uint8 (N, K, H, W, C), without N for a single image and without K for a single drawn style and for ``style``
            (Z,) and (N, Z).

        Raises:
            ValueError: An argument has another form, or styles are given twice.
        """
        if style is not None:
            if codes is not None or num_samples is not None or style_from is not None:
                raise ValueError('style gives the styles: leave codes, style_from and num_samples out')
            codes = self._styles_by_image(style, 1 if np.ndim(images) == 3 else len(images))
            outputs = super().translate(images, target, codes=codes, which=which)
            return outputs if np.ndim(style) == 3 else outputs[..., 0, :, :, :]
        if style_from is not None:
            if codes is not None or num_samples is not None:
                raise ValueError('style_from gives the styles: leave codes and num_samples out')
            if not isinstance(target, str):
                raise ValueError(f'style_from needs the name of the target, one of {self.domains}, got {target!r}')
            codes = self.styles_of(style_from, target, which)
        return super().translate(images, target, num_samples, seed, codes, which)

    def _styles_by_image(self, style: Any, num: int) -> Tensor:
        """Returns styles (num, K, Z), see :meth:`translate`."""
        given, width = torch.as_tensor(style, dtype=torch.float32), self.code_dim
        codes = given.expand(num, 1, -1) if given.ndim == 1 else given[:, None] if given.ndim == 2 else given
        if codes.ndim != 3 or codes.shape[::2] != (num, width):
            raise ValueError(
                f'style for {num} images has the shape ({width},), ({num}, {width}) or ({num}, K, {width}), got '
                f'{tuple(given.shape)}'
            )
        return codes

    @torch.no_grad()
    def styles_of(self, images: np.ndarray, domain: str, which: str = 'ema') -> np.ndarray:
        """Returns the styles float32 (N, Z) of images of a domain, uint8 (N, H, W, C) or one (H, W, C).

        Raises:
            ValueError: There is no such domain, or the images are no uint8 arrays.
        """
        encoder = self.network('style_encoders', which)[self._known(domain)]
        with sampling_mode([encoder]):
            return encoder(self.image_values(images)).float().cpu().numpy()

    @torch.no_grad()
    def reconstruct(self, images: np.ndarray, domain: str, which: str = 'ema') -> np.ndarray:
        """Rebuilds images of a domain from their contents and styles; uint8 of the shape of ``images``.

        Raises:
            ValueError: There is no such domain, or the images are no uint8 arrays.
        """
        values = self.image_values(images)
        own = self.target_vectors(self._known(domain), len(values))
        with sampling_mode([*self.translating_networks(which), self.network('style_encoders', which)]):
            pixels = self.image_pixels(self.reconstruct_values(values, own, which))
        return pixels if np.ndim(images) == 4 else pixels[0]

    def interpolate_styles(
        self, images: np.ndarray, target: Target, first: Any, last: Any, steps: int = 8, which: str = 'ema'
    ) -> np.ndarray:
        """Translates images with styles on the straight line between two, each (Z,).

        Returns:
            uint8 (N, steps, H, W, C), without N for a single image.

        Raises:
            ValueError: There are fewer than two steps, or styles have another size.
        """
        return self.interpolate_codes(images, target, first, last, steps, 'linear', which=which)

    def _known(self, domain: str) -> str:
        if domain not in self.domains:
            raise ValueError(f'{domain!r} is none of {self.domains}.{suggest(domain, self.domains)}')
        return domain


@MODELS.register_module()
class UDIT(MUNIT):
    """UDIT: MUNIT whose translations keep what a frozen semantic extractor shows of their input (thesis eq. 5.8).

    It needs a loss of type :class:`SemanticConstraintLoss`; without one, or with the weight 0, it is MUNIT. Its
    checkpoints have MUNIT's weights and no others.

    Args:
        **kwargs: As :class:`MUNIT`.

    Raises:
        ValueError: No loss is a :class:`SemanticConstraintLoss`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not any(isinstance(loss, SemanticConstraintLoss) for loss in self.losses.values()):
            raise ValueError(
                'model.losses of a UDIT needs a SemanticConstraintLoss, of any name, e.g. '
                "semantic=dict(type='SemanticConstraintLoss', loss_weight=10, extractor=...); without one take "
                "model.type='MUNIT'"
            )


def _summed(term: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the sum of a term's values, which counts, and each of them, which is only logged."""
    return {term: sum(values.values())} | {f'{term}_{key}': value.detach() for key, value in values.items()}
