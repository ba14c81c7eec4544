"""What a losses function is given: tensors, and the random numbers that belong to them."""

from __future__ import annotations

from typing import Any

from mmgentransfer.models.step_random import StepRandom

__all__ = ['Batch']


class Batch(dict):
    """The tensors of one update by name, e.g. ``images`` (N, C, H, W), with the random numbers that belong to it.

    Data of several sources are dicts of such tensors: ``batch['RS']['rgb']``.

    Attributes:
        random: The random numbers of this update.
        shared: What the method's ``shared_pass`` gave in this iteration; None in a method that has none.
        size_without_data: Number of images N to generate for a batch that holds none.
    """

    def __init__(
        self, data: dict[str, Any], random: StepRandom, shared: Any = None, size_without_data: int | None = None
    ) -> None:
        super().__init__(data)
        self.random = random
        self.shared = shared
        self.size_without_data = size_without_data

    @property
    def size(self) -> int:
        """Number of images N, of the first source."""
        if not self and self.size_without_data is not None:
            return self.size_without_data
        first = next(iter(self.values()))
        return Batch(first, self.random).size if isinstance(first, dict) else first.shape[0]
