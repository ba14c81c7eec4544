"""The encoder of TransferI2I: a discriminator without its head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.registry import MODELS

__all__ = ['DiscriminatorEncoder']


@MODELS.register_module()
class DiscriminatorEncoder(BaseModule):
    """The trunk of a discriminator, whose features at some resolutions describe an image (supplement, figure 1c).

    In a :class:`TransferI2I` the discriminator and the taps are the model's, and the weights are handed over when a
    stage begins.

    Args:
        discriminator: Config of the discriminator, or the network itself, which is copied.
        taps: Resolutions of the features.
        init_cfg: MMEngine's initialisation config, such as a transfer from an earlier run.

    Attributes:
        tap_channels: Channels by tap.

    Raises:
        ValueError: The discriminator can't be an encoder, or has no features at a tap.
    """

    def __init__(
        self,
        discriminator: dict[str, Any] | nn.Module,
        taps: Sequence[int],
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        network = discriminator if isinstance(discriminator, nn.Module) else MODELS.build(discriminator)
        if not hasattr(network, 'trunk'):
            raise ValueError(
                f'a {type(network).__name__} has no trunk that could be an encoder: take a BigGANDiscriminator or a '
                'StyleGANDiscriminator'
            )
        if unknown := sorted(set(taps) - set(network.tap_channels)):
            raise ValueError(
                f'model.taps has {unknown}, but the {type(network).__name__} has features at '
                f'{sorted(network.tap_channels)}'
            )
        self.trunk = network.trunk()
        self.tap_channels = {side: network.tap_channels[side] for side in sorted(taps)}

    def init_weights(self) -> None:
        """Draws the discriminator's weights, then applies ``init_cfg``; without effect when called again."""
        if not self.is_init:
            # before ``init_cfg``, which MMEngine applies before its members' own; it would print every tensor
            self.trunk._dump_init_info = lambda: None
            self.trunk.init_weights()
            del self.trunk._dump_init_info
        super().init_weights()

    def copy_from(self, discriminator: nn.Module) -> None:
        """Takes the weights and buffers of a discriminator of the same kind; they stay its own."""
        own, given = self.trunk.state_dict(), discriminator.state_dict()
        self.trunk.load_state_dict({key: given[key] for key in own})

    def forward(self, images: Tensor) -> dict[int, Tensor]:
        """Maps images (N, C, S, S) in [-1, 1] to features (N, C_r, r, r) by tap r."""
        features = self.trunk.features(images)
        return {side: features[side] for side in self.tap_channels}
