"""What a model of several generators says about the target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from mmgentransfer.registry import METRICS

from ..image_set import ImageSet


@METRICS.register_module()
class SelectorDistribution:
    """How often each generator of a :class:`MineGAN` of several is sampled (p in thesis table 3.1).

    The results are ``selector_p0``, ``selector_p1``, ...; with ``target`` also ``selector_l1``, the sum of the absolute
    differences from it.

    Args:
        target: The share of each generator's kind in the target set, where it is known.

    Raises:
        ValueError: ``target`` are not non-negative numbers that sum to 1.
    """

    extractor = None
    needs_train = False

    def __init__(self, target: Sequence[float] | None = None) -> None:
        self.target = None if target is None else np.array(target, dtype=np.float64)
        if self.target is not None and (self.target.min() < 0 or not np.isclose(self.target.sum(), 1)):
            raise ValueError(
                f'SelectorDistribution.target must be non-negative numbers that sum to 1, got {list(target)}'
            )
        self._probabilities: np.ndarray | None = None

    def observe(self, model: nn.Module) -> None:
        """Takes p from the model.

        Raises:
            ValueError: The model has no selector, or ``target`` is not one number for each of its generators.
        """
        selector = getattr(model, 'selector', None)
        if selector is None:
            raise ValueError(
                f'SelectorDistribution needs a model with a selector, such as a MineGAN of several generators; '
                f'this {type(model).__name__} has none'
            )
        if self.target is not None and len(self.target) != selector.num_generators:
            raise ValueError(
                f'SelectorDistribution.target has {len(self.target)} numbers; the model has '
                f'{selector.num_generators} generators'
            )
        self._probabilities = selector.probabilities.double().cpu().numpy()

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``selector_p<i>`` for each generator and, with a target, ``selector_l1``; images don't matter.

        Raises:
            RuntimeError: The evaluator's ``observe`` was not called.
        """
        if self._probabilities is None:
            raise RuntimeError('GenerationEvaluator.observe must show the model to SelectorDistribution')
        results = {f'selector_p{i}': float(p) for i, p in enumerate(self._probabilities)}
        if self.target is not None:
            results['selector_l1'] = float(np.abs(self._probabilities - self.target).sum())
        return results
