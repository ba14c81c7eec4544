"""Numbers by resolution, as a config gives them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ['by_level']


def by_level(key: str, values: float | Mapping[int, float]) -> float | dict[int, float]:
    """Returns one number, or numbers by resolution, whose keys a config's text may hold as strings.

    Raises:
        ValueError: A key is no resolution; it names ``key``.
    """
    if not isinstance(values, Mapping):
        return float(values)
    try:
        return {int(side): float(value) for side, value in values.items()}
    except (TypeError, ValueError):
        raise ValueError(f'{key}={dict(values)} must have numbers by resolution, such as {{4: 1.0}}') from None
