"""MineGAN: find the useful region of a frozen generator's latent space, then fine-tune (thesis chapter 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.methods.gan import GAN, sampling_mode
from mmgentransfer.registry import MODELS

__all__ = ['MineGAN']


@MODELS.register_module()
class MineGAN(GAN):
    """A miner in front of a pre-trained generator, against a critic (thesis eqs. 3.3 and 3.4).

    With ``stages=[dict(name='mine', iters=..., train=['miners', 'critic']), dict(name='finetune', iters=...)]`` the
    generator is frozen (parameters, running statistics and all) while the miner learns, and is released afterwards.
    The first stage alone is 'MineGAN without fine-tuning'.

    Args:
        **kwargs: As :class:`AdversarialModel`; ``networks`` has ``generators`` and ``miners``, each a list of one, and
            ``critic``.

    Raises:
        ValueError: There is not one miner for one generator, or the miner's output is not what the generator takes.
    """

    players = dict(critic=['critic'], generator=['miners', 'generators'])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ('generators', 'miners'):
            network = getattr(self, name)
            if not isinstance(network, nn.ModuleList) or len(network) != 1:
                raise ValueError(f'model.networks.{name} must be a list with the config of one network')
        given, wanted = self.miners[0].out_features, self.generators[0].noise_size
        if given != wanted:
            raise ValueError(
                f'model.networks.miners[0] ends in {given} features, but model.networks.generators[0] takes '
                f"noise_size={wanted}: the last of the miner's dims must be {wanted}"
            )

    @property
    def latent_size(self) -> int:
        """Width of the miner's input noise u."""
        return self.miners[0].in_features

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps miner noise u (N, d_u) to images G(M(u)) (N, C, S, S)."""
        return self.network('generators', which)[0](self.network('miners', which)[0](latents))

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the miners and the generators."""
        return [self.network('miners', which), self.network('generators', which)]

    @torch.no_grad()
    def sample_source(self, num: int, seed: int | tuple[int, ...] = 0, which: str = 'ema') -> np.ndarray:
        """Returns images of the generator from its own prior, without the miner: uint8 (num, H, W, C)."""
        generator = self.network('generators', which)[0]
        with sampling_mode([generator]):
            images = generator(self.draw_noise(num, generator.noise_size, seed))
        return self.to_pixels(images)
