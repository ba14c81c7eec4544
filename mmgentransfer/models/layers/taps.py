"""Feature taps of networks: where their features can be had, and where others can be added."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ['FeatureTaps']


class FeatureTaps:
    """Adds injected features to those that pass, and keeps what passed.

    Args:
        network: Has ``tap_channels``, the channels of the features by resolution.
        injected: Features (N, C_r, r, r) by resolution r.
        keep: Whether to keep the features; if not, they can be freed.

    Raises:
        ValueError: ``injected`` has an unknown resolution or a wrong shape.
    """

    def __init__(self, network: nn.Module, injected: Mapping[int, Tensor] | None = None, keep: bool = False) -> None:
        known = network.tap_channels
        for side, features in (injected or {}).items():
            if side not in known:
                raise ValueError(
                    f'{type(network).__name__}: injected has features for the resolution {side}; it has taps at '
                    f'{sorted(known)}.'
                )
            if tuple(features.shape[1:]) != (known[side], side, side):
                raise ValueError(
                    f'{type(network).__name__}: the features injected at the resolution {side} must be of the shape '
                    f'(N, {known[side]}, {side}, {side}), got {tuple(features.shape)}.'
                )
        self.injected = injected or {}
        self.keep = keep
        self.features: dict[int, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        side = x.shape[-1]
        if side in self.injected:
            x = x + self.injected[side]
        if self.keep:
            self.features[side] = x
        return x
