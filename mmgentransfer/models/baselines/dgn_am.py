"""DGN-AM: codes of a generator that make a classifier see a class (baseline of thesis Table 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.registry import MODELS

__all__ = ['DGNAM']


@MODELS.register_module()
class DGNAM(GAN):
    """Activation maximisation with a deep generator network (Nguyen et al., 2016; thesis section 3.4.3).

    An image is made by gradient ascent on the code h of a generator, from a random start, so that a classifier's
    logit l of the class ``target`` grows: h <- (1 - ``decay``) h + ``step_size`` dl(G(h))/dh, ``steps`` times each.
    Nothing is trained: a run has ``train_cfg.max_iters=0``, and both networks come by their ``init_cfg``::

        networks=dict(
            generator=dict(type='WGANGPGenerator28', init_cfg=dict(type='TransferredWeights', checkpoint=..., ...)),
            classifier=dict(type='DigitClassifier', init_cfg=dict(type='TransferredWeights', checkpoint=..., ...)))

    The code is the generator's noise z. Behind it follows, for a conditional generator with a class embedding
    (BigGAN), the embedding, in units of the table's standard deviation around its mean; with ``generator_label`` the
    embedding is that label's, or the label itself is given, and the code is z alone.

    Args:
        target: The classifier's class.
        steps: Updates of an image's code.
        step_size: Factor of the gradient.
        decay: Share of the code that every step takes away (L2 decay).
        generator_label: Class that a conditional generator is given.
        classifier_range: What the darkest and the brightest value of an image are to the classifier.
        losses: Config of each loss term; none here.
        moves: Moves of an iteration; none here.
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generator`` and ``classifier``.

    Raises:
        ValueError: A number is out of range, or generator and classifier don't fit each other or these arguments.
    """

    players: dict[str, list[str]] = {}
    frozen = ['generator', 'classifier']

    def __init__(
        self,
        target: int,
        steps: int = 200,
        step_size: float = 1.0,
        decay: float = 0.0,
        generator_label: int | None = None,
        classifier_range: tuple[float, float] = (0.0, 1.0),
        losses: dict[str, dict] | None = None,
        moves: Sequence[dict] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(losses=losses or {}, moves=list(moves), **kwargs)
        self.target = target
        self.steps = steps
        self.step_size = step_size
        self.decay = decay
        self.generator_label = generator_label
        self.classifier_range = (float(classifier_range[0]), float(classifier_range[1]))
        self._check_numbers()
        self._check_networks()

    def _check_numbers(self) -> None:
        if self.steps < 1:
            raise ValueError(f'model.steps must be at least 1, got {self.steps}')
        if not (math.isfinite(self.step_size) and self.step_size > 0):
            raise ValueError(f'model.step_size must be a positive number, got {self.step_size}')
        if not 0 <= self.decay < 1:
            raise ValueError(f'model.decay is a share in [0, 1), got {self.decay}')
        if not self.classifier_range[0] < self.classifier_range[1]:
            raise ValueError(f'model.classifier_range must increase, got {self.classifier_range}')

    def _check_networks(self) -> None:
        generator, classifier = self.generator, self.classifier
        known = getattr(classifier, 'num_classes', None)
        if self.target < 0 or (known is not None and self.target >= known):
            raise ValueError(
                f'model.target = {self.target} is none of the classes 0 to {known - 1 if known else "K - 1"} of '
                f'model.networks.classifier = {type(classifier).__name__}'
            )
        for made, taken in (('image_size', 'image_size'), ('out_channels', 'in_channels')):
            has, wants = getattr(generator, made, None), getattr(classifier, taken, None)
            if None not in (has, wants) and has != wants:
                raise ValueError(
                    f'model.networks.generator has {made}={has}, but model.networks.classifier takes {taken}={wants}'
                )
        classes, label = getattr(generator, 'num_classes', 0), self.generator_label
        if label is not None and not 0 <= label < classes:
            raise ValueError(
                f'model.generator_label = {label}: model.networks.generator has '
                + (f'the classes 0 to {classes - 1}' if classes else 'no classes; leave generator_label out')
            )
        if classes and label is None and not getattr(generator, 'embedding_size', 0):
            raise ValueError(
                f'model.networks.generator = {type(generator).__name__} with num_classes={classes} has no class '
                'embedding that could be part of the code: set model.generator_label to the class it is to be given'
            )

    # ------------------------------------------------------------------ the code

    @property
    def code_size(self) -> int:
        """Length of the code h."""
        return self.generator.noise_size + (self.generator.embedding_size if self._embeds else 0)

    @property
    def latent_size(self) -> int:
        """Length of the random start of a code."""
        return self.code_size

    @property
    def _embeds(self) -> bool:
        """Whether the class embedding is part of the code."""
        return bool(getattr(self.generator, 'num_classes', 0)) and self.generator_label is None

    def images_of_codes(self, codes: Tensor, which: str = 'live') -> Tensor:
        """Maps codes (N, code_size) to the generator's images (N, C, S, S)."""
        generator = self.network('generator', which)
        if self._embeds:
            table = generator.embed(torch.arange(generator.num_classes, device=codes.device))
            z, deviation = codes.split([generator.noise_size, generator.embedding_size], dim=1)
            return generator(z, embedding=table.mean(0) + table.std(0) * deviation)
        if self.generator_label is not None:
            return generator(codes, torch.full((len(codes),), self.generator_label, device=codes.device))
        return generator(codes)

    def scaled_to_classifier(self, images: Tensor) -> Tensor:
        """Maps images from the preprocessor's value range to ``classifier_range``."""
        (low, high), (target_low, target_high) = self.data_preprocessor.value_range, self.classifier_range
        if (low, high) == (target_low, target_high):
            return images
        return (images - low) * ((target_high - target_low) / (high - low)) + target_low

    def class_score(self, logits: Tensor) -> Tensor:
        """Returns what the ascent maximises, (N,), of logits (N, K): here the target's logit."""
        return logits[:, self.target]

    def score_gradient(self, codes: Tensor, which: str = 'live') -> Tensor:
        """Returns the gradient (N, code_size) of each image's class score by its code, whatever the gradient mode."""
        with torch.enable_grad():
            codes = codes.detach().requires_grad_()
            logits = self.classifier(self.scaled_to_classifier(self.images_of_codes(codes, which)))
            return torch.autograd.grad(self.class_score(logits).sum(), codes)[0]

    def update(self, codes: Tensor, which: str = 'live') -> Tensor:
        """Returns the codes (N, code_size) after one step."""
        return (1 - self.decay) * codes + self.step_size * self.score_gradient(codes, which)

    def codes_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to the codes (N, code_size) where all steps lead."""
        codes = latents
        for _ in range(self.steps):
            codes = self.update(codes, which)
        return codes

    # ------------------------------------------------------------------ sampling

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps random starts (N, latent_size) to the images (N, C, S, S) where the ascent leads; all at once.

        Raises:
            FloatingPointError: The steps were too long.
        """
        codes = self.codes_from(latents, which)
        if not codes.isfinite().all():
            raise FloatingPointError(
                f'the ascent of {type(self).__name__} diverged: make model.step_size = {self.step_size} smaller or '
                f'model.decay = {self.decay} larger'
            )
        return self.images_of_codes(codes, which)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the generator; the classifier is always in eval mode."""
        return [self.network('generator', which)]
