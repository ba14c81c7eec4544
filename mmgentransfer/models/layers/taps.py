"""Feature taps of networks: where their features can be had, and where others can be put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

__all__ = ['FeatureTaps', 'Fusion']

Fusion = Callable[[int, Tensor, Tensor], Tensor]
"""Makes one map of a network's own features and injected ones, at a resolution."""


class FeatureTaps:
    """Joins injected features with those that pass, and keeps what passed.

    Args:
        network: Has ``tap_channels``, the channels of the features by resolution.
        injected: Features (N, C_r, r, r) by resolution r.
        keep: Whether to keep the features; if not, they can be freed.
        fusion: Joins features and injected ones at a resolution; None adds them.

    Raises:
        ValueError: ``injected`` has an unknown resolution or a wrong shape.
    """

    def __init__(
        self,
        network: nn.Module,
        injected: Mapping[int, Tensor] | None = None,
        keep: bool = False,
        fusion: Fusion | None = None,
    ) -> None:
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
        self.network = network
        self.injected = injected or {}
        self.keep = keep
        self.fusion = fusion
        self.features: dict[int, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        side = x.shape[-1]
        if side in self.injected:
            x = x + self.injected[side] if self.fusion is None else self.fusion(side, x, self.injected[side])
        return self._kept(side, x)

    def start(self, side: int) -> Tensor:
        """Returns the injected features of ``side`` as they are, for a pass that begins there.

        Raises:
            ValueError: None are injected there.
        """
        if side not in self.injected:
            raise ValueError(
                f'{type(self.network).__name__}: start={side} begins with the features injected at that resolution, '
                f'but injected has {sorted(self.injected)}.'
            )
        return self._kept(side, self.injected[side])

    def _kept(self, side: int, x: Tensor) -> Tensor:
        if self.keep:
            self.features[side] = x
        return x
