"""Translations whose scores are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmgentransfer.evaluation import ImageSet, Translations


def record(outputs: Any, domains: tuple[str, ...] = ('a', 'b'), target: str = 'b', **options: Any) -> Translations:
    """Translations of black images of domain a, given the grey levels (N, K) of the outputs."""
    levels = np.asarray(outputs, dtype=np.uint8)
    images = np.broadcast_to(levels[:, :, None, None, None], (*levels.shape, 3, 4, 4))
    num = len(levels)
    settings = dict(
        inputs=np.zeros((num, 3, 4, 4), np.uint8),
        outputs=images,
        sources=np.eye(len(domains))[[0] * num],
        reals=np.zeros((2, 3, 4, 4), np.uint8),
    )
    return Translations(target, list(domains), **settings | options)


def seen(before: Any, after: Any, **options: Any) -> Translations:
    """A record of logits (N, L) and (N, K, L) through the extractor 'net'."""
    before, after = np.array(before, np.float32), np.array(after, np.float32)
    flat = after.reshape(-1, after.shape[-1])
    views = dict(net=tuple(ImageSet(features=x, logits=x) for x in (before, flat, before)))
    return record(np.zeros(after.shape[:2]), views=views, **options)
