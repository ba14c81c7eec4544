"""One latent from those of several modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmgentransfer.models.backbones.segnet import Latent
from mmgentransfer.models.methods.mmnets.checks import check_known

__all__ = ['LatentFusion']


class LatentFusion:
    """Weighted mean of the latents of several modalities of the same samples (thesis section 4.6.2).

    Args:
        modalities: The model's.
        anchor: The modality that has the weight 1 - alpha; None if there is none, so that weights must be given.
        alpha: Weight of all the others together, in equal parts.
        indices_from: The modality whose pooling indices and skips are used; None for the anchor.

    Raises:
        ValueError: ``alpha`` is not in [0, 1], or ``indices_from`` is no modality.
    """

    def __init__(
        self, modalities: Sequence[str], anchor: str | None, alpha: float = 0.2, indices_from: str | None = None
    ) -> None:
        self.modalities = list(modalities)
        self.anchor = anchor
        self.alpha = _checked('model.fusion.alpha', alpha)
        check_known('model.fusion.indices_from', [] if indices_from is None else [indices_from], self.modalities)
        self.indices_from = indices_from

    def weights(
        self,
        names: Sequence[str],
        alpha: float | None = None,
        weights: Mapping[str, float] | None = None,
        indices_from: str | None = None,
    ) -> tuple[dict[str, float], str]:
        """Returns the weight of each modality's latent, and the modality whose indices are used.

        Args:
            names: The modalities that are put together.
            alpha: Instead of the fusion's own.
            weights: The weight of each modality instead.
            indices_from: Instead of the fusion's own.

        Raises:
            ValueError: A name is unknown or there is none; without the anchor, weights are needed; ``alpha`` is not in
                [0, 1]; or ``indices_from`` is not among ``names``.
        """
        names = check_known('the translation', names, self.modalities)
        if not names:
            raise ValueError('a translation needs at least one input')
        if len(names) == 1:
            return {names[0]: 1.0}, names[0]
        if weights is None:
            if self.anchor not in names:
                raise ValueError(f'fusing {names} without the anchor {self.anchor!r} needs weights, one for each')
            alpha = self.alpha if alpha is None else _checked('alpha', alpha)
            weights = {name: 1 - alpha if name == self.anchor else alpha / (len(names) - 1) for name in names}
        if set(weights) != set(names):
            raise ValueError(f'weights are given for {sorted(weights)}, the fused modalities are {sorted(names)}')
        chosen = indices_from or self.indices_from or self.anchor
        if chosen not in names:
            raise ValueError(f'indices_from is {chosen!r}, which is not among the fused modalities {names}')
        return dict(weights), chosen

    def __call__(
        self,
        latents: Mapping[str, Latent],
        alpha: float | None = None,
        weights: Mapping[str, float] | None = None,
        indices_from: str | None = None,
    ) -> Latent:
        """Puts latents, given by modality, together; the arguments and errors are those of :meth:`weights`."""
        factors, chosen = self.weights(list(latents), alpha, weights, indices_from)
        if len(latents) == 1:
            return latents[chosen]
        return latents[chosen]._replace(h=sum(factors[name] * latent.h for name, latent in latents.items()))


def _checked(key: str, alpha: float) -> float:
    if not 0 <= alpha <= 1:
        raise ValueError(f'{key} is a weight in [0, 1], got {alpha}')
    return alpha
