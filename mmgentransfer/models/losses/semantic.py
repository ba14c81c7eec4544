"""Terms by which a translation keeps a property of its input: UDIT's constraint, and MUNIT's perceptual term."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgentransfer.models.extractor_accuracy import least_accuracy, recorded_accuracy
from mmgentransfer.registry import MODELS

from .base import WeightedLoss, at_least_float32

__all__ = ['DomainInvariantPerceptualLoss', 'FrozenFeatureLoss', 'SemanticConstraintLoss']

_CHUNK = 32  # images of one pass when the scale is measured
_SMALLEST_SCALE = 1e-8


class FrozenFeatureLoss(WeightedLoss):
    """The difference of a translation from its input, as a frozen network shows the two.

    The network is built when it is first needed, so that a trained translator runs without its weights; it belongs to
    no checkpoint, no moving average and no optimiser, and is always in eval mode.

    Args:
        loss_weight: Weight of the term.
        extractor: Config of a network that shows what to keep: a :class:`ReducedSemanticExtractor` with trained
            weights, a backbone such as :class:`TorchvisionBackbone`, or any registered network with
            ``maps(images)``, which maps images (N, 3, H, W) in [0, 1] to (N, D, h, w). Its ``init_weights()`` or
            ``load_weights()`` is called, and ``random_parts`` may name what of it has no trained weights.
        directions: The translations it holds for, e.g. ``['photo_to_monet']``, by the domains' names; None for all.
        value_range: What the darkest and the brightest pixel are to the translator.
        allow_random: Whether the network may keep random weights, or have learnt nothing, for tests.

    Attributes:
        key: Name of the extractor's config, for messages.
    """

    def __init__(
        self,
        loss_weight: float,
        extractor: dict[str, Any],
        directions: Sequence[str] | None = None,
        value_range: tuple[float, float] = (-1.0, 1.0),
        allow_random: bool = False,
    ) -> None:
        super().__init__(loss_weight)
        self.key = f'{type(self).__name__}.extractor'
        self.extractor = dict(extractor)
        self.directions = None if directions is None else list(directions)
        self.value_range = (float(value_range[0]), float(value_range[1]))
        self.allow_random = allow_random
        self._built: list[nn.Module] = []  # in a list, out of the module's sight

    @property
    def network(self) -> nn.Module:
        """The frozen network, built and loaded at the first use.

        Raises:
            FileNotFoundError: Its weights are missing.
            ValueError: It can't be built, shows nothing, would keep random weights, or is of a classifier that is no
                better than chance.
        """
        if not self._built:
            try:
                self._built.append(self._build())
            except FileNotFoundError as error:
                hint = 'Train it first, see configs/udit/extractor_*.py'
                raise FileNotFoundError(f'{self.key}: {error}. {hint}') from None
            except ValueError as error:
                raise ValueError(f'{self.key}: {error}') from error
        return self._built[0]

    def _build(self) -> nn.Module:
        # Random weights are replaced, and must not cost random numbers.
        with torch.random.fork_rng(devices=[]), DefaultScope.overwrite_default_scope('mmgentransfer'):
            network = MODELS.build(self.extractor)
            if not hasattr(network, 'maps'):
                raise ValueError(
                    f'a {type(network).__name__} has no maps(images) of what an image shows: take a '
                    "ReducedSemanticExtractor, e.g. dict(type='ReducedSemanticExtractor', backbone=...)"
                )
            if not self.allow_random:
                _check_trained(network)
            if hasattr(network, 'init_weights'):
                network._dump_init_info = lambda: None  # MMEngine would print every tensor
                network.init_weights()
            elif hasattr(network, 'load_weights'):
                network.load_weights()
        return network.eval().requires_grad_(False)

    def applies_to(self, source: str, target: str) -> bool:
        """Whether it holds for this translation."""
        return self.directions is None or f'{source}_to_{target}' in self.directions

    def maps(self, images: Tensor) -> Tensor:
        """Returns what the network shows of images (N, C, H, W) in ``value_range``."""
        network, (low, high) = self.network, self.value_range
        first = next(network.parameters(), images)
        if first.device != images.device:
            network.to(images.device)
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        return network.maps((images - low) / (high - low))

    def distance(self, made: Tensor, kept: Tensor) -> Tensor:
        """Returns the term, a scalar, of the maps of translations and of their inputs."""
        raise NotImplementedError

    def each(self, images: Sequence[Tensor], translations: Sequence[Tensor]) -> list[Tensor]:
        """Returns the terms of several batches of images and their translations, in one pass of the network."""
        with torch.no_grad():
            kept = self.maps(torch.cat(list(images)))
        made = self.maps(torch.cat(list(translations)))
        sizes = [len(part) for part in images]
        return [self.distance(m, k) for m, k in zip(made.split(sizes), kept.split(sizes), strict=True)]

    def forward(self, images: Tensor, translations: Tensor) -> Tensor:
        """Returns the term of ``translations`` of ``images``, both (N, C, H, W); its gradient is theirs alone."""
        return self.each([images], [translations])[0]


def _check_trained(network: nn.Module) -> None:
    """Raises a ``ValueError`` for a network with random weights, or of a classifier that is no better than chance."""
    if parts := getattr(network, 'random_parts', []):
        raise ValueError(
            f'the {" and the ".join(parts)} would keep random weights: train it as a classifier '
            '(configs/udit/extractor_*.py) and set '
            "init_cfg=dict(type='TransferredWeights', prefix='classifier', checkpoint=...)"
        )
    given, num_classes = getattr(network, 'init_cfg', None) or [], getattr(network, 'num_classes', None)
    for init in [given] if isinstance(given, Mapping) else given:
        checkpoint = init.get('checkpoint')
        accuracy = recorded_accuracy(checkpoint) if checkpoint and num_classes else None
        if accuracy is not None and accuracy < least_accuracy(num_classes):
            raise ValueError(
                f'the classifier {checkpoint!r} has an accuracy of {accuracy:.1f} %, below '
                f'{least_accuracy(num_classes):.0f}, of {num_classes} classes: it knows nothing of the property. Train '
                'it longer, or on more images (configs/udit/extractor_*.py)'
            )


@MODELS.register_module()
class SemanticConstraintLoss(FrozenFeatureLoss):
    r"""UDIT's constraint: a translation shows of a property what its input shows, :math:`h(x_{i\to j}) = h(x_i)`.

    .. math:: L_U = \frac1{\kappa}\,\overline{|h(x_{i\to j}) - h(x_i)|}

    (thesis eq. 5.3). With the scale 'auto' a value of 1 means as different as two training images at random, whatever
    the network, so that one weight suits all.

    Args:
        loss_weight: Weight of the term.
        extractor: See :class:`FrozenFeatureLoss`.
        p: 'l1': mean of the absolute differences; 'l2': of their squares; 'l2norm': Euclidean norm of an image's
            difference, averaged over images.
        feature_scale: kappa; 1 is the printed equation; 'auto': the same distance between random pairs of training
            images, which is measured before training.
        directions: See :class:`FrozenFeatureLoss`.
        value_range: See :class:`FrozenFeatureLoss`.
        allow_random: See :class:`FrozenFeatureLoss`.

    Attributes:
        scale: kappa, a tensor; NaN as long as it is not measured.

    Raises:
        ValueError: ``p`` is unknown, ``feature_scale`` is not positive, or the network would keep random weights.
    """

    scale: Tensor

    def __init__(
        self,
        loss_weight: float = 10.0,
        extractor: dict[str, Any] | None = None,
        p: Literal['l1', 'l2', 'l2norm'] = 'l1',
        feature_scale: float | Literal['auto'] = 'auto',
        directions: Sequence[str] | None = None,
        value_range: tuple[float, float] = (-1.0, 1.0),
        allow_random: bool = False,
    ) -> None:
        if extractor is None:
            raise ValueError(
                'SemanticConstraintLoss.extractor is missing: the config of the network that says what to keep'
            )
        super().__init__(loss_weight, extractor, directions, value_range, allow_random)
        if p not in ('l1', 'l2', 'l2norm'):
            raise ValueError(f"SemanticConstraintLoss.p={p!r} is unknown: use 'l1', 'l2' or 'l2norm'.")
        if feature_scale != 'auto' and not (isinstance(feature_scale, (int, float)) and feature_scale > 0):
            raise ValueError(
                f"SemanticConstraintLoss.feature_scale={feature_scale!r} must be 'auto' or a positive number."
            )
        self.p = p
        self.feature_scale = feature_scale
        value = math.nan if feature_scale == 'auto' else float(feature_scale)
        self._measured = feature_scale != 'auto'
        self.register_buffer('scale', torch.tensor(value), persistent=False)

    @torch.no_grad()
    def calibrate(self, images: Tensor, seed: int = 0) -> None:
        """Measures kappa, if it is to be: the mean distance between images and others of them, chosen at random.

        Args:
            images: (N, C, H, W) in ``value_range``, of both domains; N at least 2.
            seed: Of the pairs; no other random numbers are used.

        Raises:
            ValueError: All images look the same to the network.
        """
        if self.feature_scale != 'auto':
            return
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed)).to(images.device)
        maps = torch.cat([self.maps(part) for part in images[order].split(_CHUNK)])
        scale = self._mean_distance(maps, maps.roll(1, 0))
        if not scale > _SMALLEST_SCALE:
            raise ValueError(
                f'{self.key} shows the same for all of {len(images)} training images '
                f'(their mean distance is {scale.item():.2g}): it is not trained, or of other images'
            )
        self.scale.copy_(scale)
        self._measured = True

    def distance(self, made: Tensor, kept: Tensor) -> Tensor:
        """See the base.

        Raises:
            ValueError: The scale is 'auto' and was not measured.
        """
        if not self._measured:
            raise ValueError(
                "SemanticConstraintLoss.feature_scale='auto' is measured on training images before training: call "
                'calibrate, or set a number'
            )
        return self._mean_distance(made, kept) / self.scale.to(made.device)

    def _mean_distance(self, made: Tensor, kept: Tensor) -> Tensor:
        difference = at_least_float32(made) - at_least_float32(kept)
        if self.p == 'l1':
            return difference.abs().mean()
        if self.p == 'l2':
            return difference.square().mean()
        return torch.linalg.vector_norm(difference.flatten(1), dim=1).mean()


@MODELS.register_module()
class DomainInvariantPerceptualLoss(FrozenFeatureLoss):
    """MUNIT's optional perceptual term: mean squared difference of features after an instance norm.

    Args:
        loss_weight: Weight of the term.
        extractor: See :class:`FrozenFeatureLoss`; by default the layer relu5_3 of torchvision's VGG-16.
        directions: See :class:`FrozenFeatureLoss`.
        value_range: See :class:`FrozenFeatureLoss`.
        allow_random: See :class:`FrozenFeatureLoss`.
    """

    def __init__(
        self,
        loss_weight: float = 0.0,
        extractor: dict[str, Any] | None = None,
        directions: Sequence[str] | None = None,
        value_range: tuple[float, float] = (-1.0, 1.0),
        allow_random: bool = False,
    ) -> None:
        extractor = extractor or dict(type='ReducedSemanticExtractor', backbone=dict(type='TorchvisionBackbone'))
        super().__init__(loss_weight, extractor, directions, value_range, allow_random)

    def distance(self, made: Tensor, kept: Tensor) -> Tensor:
        """See the base."""
        return (F.instance_norm(at_least_float32(made)) - F.instance_norm(at_least_float32(kept))).square().mean()
