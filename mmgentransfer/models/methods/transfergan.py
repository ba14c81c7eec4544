"""TransferGAN: fine-tune every weight of a pre-trained GAN on a small data set (thesis chapter 2)."""

from __future__ import annotations

from torch import Tensor, nn

from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.registry import MODELS

__all__ = ['TransferGAN']


@MODELS.register_module()
class TransferGAN(GAN):
    """One generator against one critic, each from scratch or from a source model (thesis section 2.3.4).

    Which of the two is pre-trained is said by the networks' own ``init_cfg``::

        networks=dict(
            generator=dict(type='WGANGPGenerator', init_cfg=dict(type='TransferredWeights', checkpoint=..., ...)),
            critic=dict(type='WGANGPCritic'))

    Nothing is frozen, and no optimiser state is transferred. Without any ``init_cfg`` this is an ordinary GAN.
    """

    @property
    def latent_size(self) -> int:
        """Width of the generator's noise."""
        return self.generator.noise_size

    def images_from(self, latents: Tensor, which: str = 'live') -> Tensor:
        """Maps noise (N, noise_size) to images (N, C, S, S)."""
        return self.network('generator', which)(latents)

    def generating_networks(self, which: str = 'live') -> list[nn.Module]:
        """Returns the generator."""
        return [self.network('generator', which)]
