"""PPGN: DGN-AM with a learned prior of the codes, and noise (baseline of thesis Table 3.2)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.baselines.dgn_am import DGNAM
from mmgentransfer.models.game import Batch
from mmgentransfer.registry import MODELS

__all__ = ['PPGN']


@MODELS.register_module()
class PPGN(DGNAM):
    r"""Plug and play generative network (Nguyen et al., 2017; thesis section 3.4.3).

    A step of the code is

    .. math:: h_{t+1} = h_t + \epsilon_1 \nabla \log p(h_t) + \epsilon_2 \nabla \log p(c | h_t)
        + \mathcal N(0, \epsilon_3^2)

    with :math:`\epsilon_1, \epsilon_2, \epsilon_3` = ``prior_step``, ``step_size``, ``noise_std``, :math:`p(c | h)` the
    classifier's softmax on G(h), and the score :math:`(R(h) - h) / \sigma^2` of a denoising autoencoder R. That one is
    what a run trains: it learns to undo normal noise of the standard deviation :math:`\sigma` = ``corruption`` on codes
    of the generator's prior or, with a network ``encoder``, on the codes of the training images.

    The latent of an image is the start of its code and the noise of every step (without ``noise_std`` the start alone),
    so that an image follows from its latent.

    Args:
        prior_step: Factor of the prior's score.
        step_size: Factor of the gradient.
        noise_std: Standard deviation of the noise of a step. The default leaves a float32 code as it is.
        corruption: Standard deviation of the noise that the denoiser is trained with.
        **kwargs: As :class:`DGNAM`; ``networks`` also has ``denoiser``, which maps codes to codes (N, code_size), and
            perhaps ``encoder``. That is frozen, sees images as the classifier does, and gives codes by its method
            ``features`` or, without one, by its forward pass. ``losses`` has ``denoising``.

    Raises:
        ValueError: A number is out of range, or networks or losses don't fit.
    """

    players = dict(denoiser=['denoiser'])

    def __init__(
        self,
        prior_step: float = 1e-5,
        step_size: float = 1.0,
        noise_std: float = 1e-17,
        corruption: float = 0.1,
        **kwargs: Any,
    ) -> None:
        if 'encoder' in kwargs.get('networks', {}):
            self.frozen = [*type(self).frozen, 'encoder']
        super().__init__(step_size=step_size, **kwargs)
        self.prior_step = prior_step
        self.noise_std = noise_std
        self.corruption = corruption
        for name, value in (('prior_step', prior_step), ('noise_std', noise_std)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f'model.{name} must be a number of at least 0, got {value}')
        if not (math.isfinite(corruption) and corruption > 0):
            raise ValueError(f'model.corruption must be a positive number, got {corruption}')
        if sorted(self.losses) != ['denoising']:
            raise ValueError(f"model.losses needs denoising, dict(type='DenoisingLoss'); it has {sorted(self.losses)}")
        for side in ('in_features', 'out_features'):
            width = getattr(self.denoiser, side, self.code_size)
            if width != self.code_size:
                raise ValueError(
                    f'model.networks.denoiser has {side}={width}, but the code of model.networks.generator has the '
                    f'length {self.code_size}'
                )

    # ------------------------------------------------------------------ the denoiser's training

    def denoiser_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The denoiser's term: how far it stays from the codes that noise was added to.

        Raises:
            ValueError: The encoder's codes have another length than the generator's.
        """
        codes = self._clean_codes(batch)
        noise = batch.random.normal(*codes.shape)
        return dict(denoising=self.losses['denoising'](self.denoiser(codes + self.corruption * noise), codes))

    def _clean_codes(self, batch: Batch) -> Tensor:
        if 'encoder' not in self.frozen:
            return batch.random.normal(batch.size, self.code_size)
        with torch.no_grad():
            encode = getattr(self.encoder, 'features', self.encoder)
            codes = encode(self.scaled_to_classifier(batch['images']))
        if codes.shape[1:] != (self.code_size,):
            raise ValueError(
                f'model.networks.encoder gives codes of the shape {tuple(codes.shape[1:])}, but the code of '
                f'model.networks.generator has the length {self.code_size}'
            )
        return codes

    # ------------------------------------------------------------------ sampling

    @property
    def latent_size(self) -> int:
        """Length of the start of a code and of the noise of all steps."""
        return self.code_size * (1 + self.steps if self.noise_std else 1)

    def class_score(self, logits: Tensor) -> Tensor:
        """Returns the logarithm (N,) of the target's probability, of logits (N, K)."""
        return logits.log_softmax(1)[:, self.target]

    def update(self, codes: Tensor, which: str = 'live') -> Tensor:
        """Returns the codes (N, code_size) after one step, without its noise."""
        score = (self.network('denoiser', which)(codes) - codes) / self.corruption**2
        return super().update(codes, which) + self.prior_step * score

    def codes_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps latents (N, latent_size) to the codes (N, code_size) where all steps lead."""
        if not self.noise_std:
            return super().codes_from(latents, which)
        codes, *noises = latents.split(self.code_size, dim=1)
        for noise in noises:
            codes = self.update(codes, which) + self.noise_std * noise
        return codes

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the generator and the denoiser; the classifier is always in eval mode."""
        return [*super().generating_networks(which), self.network('denoiser', which)]
