"""Which images are compared where diversity is measured."""

from __future__ import annotations

import numpy as np


def within_input_pairs(num_samples: int) -> np.ndarray:
    """Returns all unordered pairs of ``num_samples`` outputs of an input, int64 (P, 2): 45 of 10.

    Raises:
        ValueError: There are fewer than two.
    """
    _check(num_samples)
    return np.stack(np.triu_indices(num_samples, k=1), axis=1)


def consecutive_pairs(num_samples: int) -> np.ndarray:
    """Returns the pairs of neighbours among outputs in order, int64 (P, 2): 19 of 20.

    Raises:
        ValueError: There are fewer than two.
    """
    _check(num_samples)
    first = np.arange(num_samples - 1)
    return np.stack([first, first + 1], axis=1)


def independent_pairs(num_samples: int) -> np.ndarray:
    """Returns pairs that share no output, int64 (P, 2): 19 of 38.

    Raises:
        ValueError: There are fewer than two.
    """
    _check(num_samples)
    return np.arange(num_samples // 2 * 2).reshape(-1, 2)


def different_input_pairs(num_inputs: int, num_samples: int, num_pairs: int, seed: int = 0) -> np.ndarray:
    """Returns random pairs of outputs of different inputs.

    Args:
        num_inputs: Number of inputs N, at least 2.
        num_samples: Number of outputs K of each.
        num_pairs: Number of pairs P.
        seed: Of the choice.

    Returns:
        int64 (P, 2): places in the N * K outputs, an input's one after the other.

    Raises:
        ValueError: There are fewer than two inputs, so that no pair is of different ones.
    """
    if num_inputs < 2:
        raise ValueError(f'pairs of outputs of different inputs need 2 inputs or more, got {num_inputs}')
    rng = np.random.default_rng(seed)
    first = rng.integers(num_inputs, size=num_pairs)
    second = (first + rng.integers(1, num_inputs, size=num_pairs)) % num_inputs
    samples = rng.integers(num_samples, size=(num_pairs, 2))
    return np.stack([first, second], axis=1) * num_samples + samples


def _check(num_samples: int) -> None:
    if num_samples < 2:
        raise ValueError(f'a pair needs 2 outputs of an input or more, got {num_samples}')
