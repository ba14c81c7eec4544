"""Random numbers that depend on a counter and nothing else."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

__all__ = ['StepRandom', 'derive_seed']


def derive_seed(*counters: int) -> int:
    """Returns a 63-bit seed made from ``counters`` (non-negative integers); others give an independent seed."""
    # NumPy pads with zeros and joins words: without the length and a fixed width (1,) would agree with (1, 0)
    words = [word for counter in counters for word in (counter & 0xFFFFFFFF, counter >> 32)]
    low, high = np.random.SeedSequence([len(counters), *words]).generate_state(2, np.uint32)
    return int(low) | (int(high) & 0x7FFFFFFF) << 32


class StepRandom:
    """Draws the random numbers of one move of one iteration.

    The numbers follow from ``counters`` (seed, iteration, move, repeat), so a resumed run draws what an uninterrupted
    one would have drawn. Every process draws the numbers of the *global* batch and keeps its own share, interleaved as
    :class:`mmengine.dataset.InfiniteSampler` deals out the images: two processes with 32 images each see the noise
    that one process with 64 sees.

    Args:
        counters: What identifies the move, e.g. ``(seed, iteration, move, repeat)``.
        rank: Rank of this process.
        world_size: Number of processes.
        device: Where the numbers are made.
    """

    def __init__(self, *counters: int, rank: int = 0, world_size: int = 1, device: torch.device | str = 'cpu') -> None:
        self.rank = rank
        self.world_size = world_size
        self.device = torch.device(device)
        self._generator = torch.Generator(self.device).manual_seed(derive_seed(*counters))
        self._counters = counters

    def normal(self, num: int, *shape: int) -> Tensor:
        """Returns (num, *shape) standard normal numbers."""
        full = torch.randn(num * self.world_size, *shape, generator=self._generator, device=self.device)
        return self._share(full)

    def uniform(self, num: int, *shape: int) -> Tensor:
        """Returns (num, *shape) numbers, uniform in [0, 1)."""
        full = torch.rand(num * self.world_size, *shape, generator=self._generator, device=self.device)
        return self._share(full)

    def integers(self, high: int, num: int) -> Tensor:
        """Returns (num,) int64 numbers, uniform over 0 .. high - 1."""
        full = torch.randint(high, (num * self.world_size,), generator=self._generator, device=self.device)
        return self._share(full)

    def share(self) -> float:
        """Returns one number in [0, 1), the same in every process; it is made on the host, without a device's wait."""
        return torch.rand((), dtype=torch.float64, generator=self._host).item()

    @cached_property
    def _host(self) -> torch.Generator:
        return torch.Generator().manual_seed(derive_seed(*self._counters, 0))

    def _share(self, full: Tensor) -> Tensor:
        return full if self.world_size == 1 else full[self.rank :: self.world_size]
