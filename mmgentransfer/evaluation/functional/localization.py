"""Where in an image the outputs of a translator differ."""

from __future__ import annotations

import numpy as np


def code_deviation(outputs: np.ndarray) -> np.ndarray:
    """Standard deviation over an input's outputs (divisor K - 1) of each pixel, mean over the channels.

    Args:
        outputs: (N, K, C, H, W), K >= 2, of any number type.

    Returns:
        float64 (N, 1, H, W), in the unit of the outputs.

    Raises:
        ValueError: There are fewer than two outputs of an input.
    """
    if outputs.shape[1] < 2:
        raise ValueError(f'a deviation over codes needs 2 outputs of an input or more, got {outputs.shape[1]}')
    parts = [image.std(axis=0, ddof=1, dtype=np.float64).mean(axis=0, keepdims=True) for image in outputs]
    return np.stack(parts)


def region_mean(values: np.ndarray, region: np.ndarray) -> float:
    """Mean of ``values`` (N, 1, H, W) over the pixels of all images in ``region``, bool of this shape; NaN if empty."""
    return float(values[region].mean(dtype=np.float64)) if region.any() else float('nan')


def dilated(region: np.ndarray, margin: int) -> np.ndarray:
    """Returns a region, bool (N, 1, H, W), grown by ``margin`` pixels in all directions, diagonals as well."""
    for axis in (2, 3):
        grown = region.copy()
        for shift in range(1, min(margin, region.shape[axis] - 1) + 1):
            low, high = [slice(None)] * 4, [slice(None)] * 4
            low[axis], high[axis] = slice(None, -shift), slice(shift, None)
            grown[tuple(low)] |= region[tuple(high)]
            grown[tuple(high)] |= region[tuple(low)]
        region = grown
    return region


def diversity_localization(outputs: np.ndarray, masks: np.ndarray, margin: int | None = None) -> dict[str, float]:
    """How much more the outputs of an input differ inside an object than outside.

    Args:
        outputs: (N, K, C, S, S), K >= 2.
        masks: bool (N, 1, S, S), the object.
        margin: By how many pixels the object is grown for ``far``; a fifth of the side S by default.

    Returns:
        ``fg``, ``bg`` and ``far``: mean deviation over codes inside the object, outside it, and outside the grown
        object; ``fg_bg`` and ``fg_far``, the ratios, infinite where nothing differs outside.
    """
    deviation = code_deviation(outputs)
    margin = round(masks.shape[-1] / 5) if margin is None else margin
    scores = dict(
        fg=region_mean(deviation, masks),
        bg=region_mean(deviation, ~masks),
        far=region_mean(deviation, ~dilated(masks, margin)),
    )
    for name in ('bg', 'far'):
        scores[f'fg_{name}'] = float('inf') if scores[name] == 0 else scores['fg'] / scores[name]
    return scores
