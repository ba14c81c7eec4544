"""What a stage says about a part of a network: which parameters it trains, and which layers are in training mode."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from torch import nn

__all__ = ['MODES', 'check_patterns', 'rest_untrained_layers', 'set_mode']

MODES = ('train', 'eval', 'fixed_statistics')


def check_patterns(key: str, network: nn.Module, patterns: Sequence[str]) -> None:
    """Raises a ``ValueError``, beginning with ``key``, unless each of ``patterns`` is found in a parameter's name."""
    names = [name for name, _ in network.named_parameters()]
    if isinstance(patterns, str) or not patterns:
        raise ValueError(f'{key} must be a list of one or several regular expressions, got {patterns!r}')
    for pattern in patterns:
        try:
            found = any(re.search(pattern, name) for name in names)
        except re.error as error:
            raise ValueError(f'{key}: {pattern!r} is no regular expression: {error}') from None
        if not found:
            shown = ', '.join(names[:8]) + (', ...' if len(names) > 8 else '')
            raise ValueError(f'{key}: {pattern!r} is found in no parameter; they are {shown}')


def set_mode(network: nn.Module, mode: str) -> None:
    """Sets a mode: 'train', 'eval', or 'fixed_statistics', training with batch norms in eval mode."""
    network.train(mode != 'eval')
    if mode == 'fixed_statistics':
        for layer in network.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()


def rest_untrained_layers(network: nn.Module, trained: Collection[nn.Parameter]) -> None:
    """Puts the layers in eval mode that have parameters, but none of the ``trained`` ones."""
    trained = set(trained)
    for layer in network.modules():
        parameters = set(layer.parameters())
        if parameters and not parameters & trained:
            layer.eval()
