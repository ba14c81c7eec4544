"""Spectral normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

__all__ = ['raw_weight', 'reset_spectral', 'spectral']


def spectral(module: nn.Module, eps: float = 1e-12) -> nn.Module:
    """Divides the weight of a layer by an estimate of its largest singular value.

    The weight is seen as a matrix of one row an output. In training mode one power iteration is done whenever the
    weight is used, in evaluation mode none.

    Args:
        module: Layer with a ``weight``: linear, convolution or embedding.
        eps: Smallest norm that the power iteration divides by.

    Returns:
        ``module``, changed in place. Its learned weight is ``parametrizations.weight.original``, see
        :func:`raw_weight`; ``weight`` is the normalised one.
    """
    return parametrizations.spectral_norm(module, eps=eps)


def raw_weight(module: nn.Module) -> Tensor:
    """Returns the learned weight of a layer, which for a layer with :func:`spectral` is not its ``weight``."""
    return module.parametrizations.weight.original if parametrize.is_parametrized(module, 'weight') else module.weight


@torch.no_grad()
def reset_spectral(module: nn.Module, iterations: int = 15) -> None:
    """Estimates the largest singular values of all layers in ``module`` anew, after their weights were drawn.

    One iteration a step would take a while to follow, and until then the layers are not normalised.
    """
    for layer in module.modules():
        if not parametrize.is_parametrized(layer, 'weight'):
            continue
        weight = raw_weight(layer)
        for norm in layer.parametrizations.weight:
            if hasattr(norm, '_u'):  # a layer may have other parametrisations
                was_training = norm.training
                norm.train()
                for _ in range(iterations):
                    norm(weight)
                norm.train(was_training)
