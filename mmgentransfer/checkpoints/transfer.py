"""Starting a network from the weights of another one, with an account of what happened to every tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmgentransfer.checkpoints.files import load_state_dict
from mmgentransfer.registry import WEIGHT_INITIALIZERS, suggest

__all__ = ['STRATEGIES', 'TransferReport', 'TransferredWeights']


@dataclass
class TransferReport:
    """What became of each tensor of the target network, by name.

    Args:
        copied: Taken over as they are.
        tiled: Repeated, e.g. one row of a norm for every class.
        partly_copied: Some columns taken over, the others random.
        random: Left at their random initialisation because the source has nothing for them.
        unused: Tensors of the source that the target has no place for.
    """

    copied: list[str] = field(default_factory=list)
    tiled: list[str] = field(default_factory=list)
    partly_copied: list[str] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f'{len(self.copied)} tensors copied']
        for name in ('tiled', 'partly_copied', 'random', 'unused'):
            names = getattr(self, name)
            if names:
                shown = ', '.join(names[:4]) + (', ...' if len(names) > 4 else '')
                parts.append(f'{len(names)} {name.replace("_", " ")} ({shown})')
        return '; '.join(parts)


def copy_all(target: dict[str, Tensor], source: dict[str, Tensor]) -> TransferReport:
    """Copies every tensor; nothing may be missing, left over or of another shape.

    Raises:
        ValueError: Names or shapes differ.
    """
    report = TransferReport()
    missing = [name for name in target if name not in source]
    unused = [name for name in source if name not in target]
    wrong = [name for name in target if name in source and target[name].shape != source[name].shape]
    if missing or unused or wrong:
        lines = [
            f'{name}: the checkpoint has {tuple(source[name].shape)}, the network {tuple(target[name].shape)}'
            for name in wrong[:5]
        ]
        if len(wrong) > 5:
            lines.append(f'... and {len(wrong) - 5} more of another shape')
        if missing:
            lines.append(f'not in the checkpoint: {", ".join(missing[:5])} ({len(missing)} in all)')
        if unused:
            lines.append(f'only in the checkpoint: {", ".join(unused[:5])} ({len(unused)} in all)')
        raise ValueError('\n  '.join(['the checkpoint does not fit the network', *lines]))
    for name, tensor in target.items():
        tensor.copy_(source[name])
        report.copied.append(name)
    return report


STRATEGIES: dict[str, Callable[[dict[str, Tensor], dict[str, Tensor]], TransferReport]] = dict(copy=copy_all)


@WEIGHT_INITIALIZERS.register_module()
class TransferredWeights:
    """An initialiser that takes a network's weights from a checkpoint (thesis section 2.3.4).

    Used as a network's ``init_cfg``, after its random initialisation. Optimiser states are never taken.

    Args:
        checkpoint: A file, the folder of a run (its latest checkpoint), or a URL.
        prefix: The network's name in the source model, e.g. ``generator``; its moving average is preferred.
        strategy: How the source's tensors map to the network's, a name in :data:`STRATEGIES`.
        allow_pickle: Whether to read a file that could run code.

    Raises:
        ValueError: The strategy is unknown, or the weights don't fit.
        FileNotFoundError: There is no such checkpoint.
    """

    def __init__(self, checkpoint: str, prefix: str = '', strategy: str = 'copy', allow_pickle: bool = False) -> None:
        if strategy not in STRATEGIES:
            raise ValueError(
                f'init_cfg.strategy is {strategy!r}; the strategies are {sorted(STRATEGIES)}.'
                f'{suggest(strategy, list(STRATEGIES))}'
            )
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.strategy = strategy
        self.allow_pickle = allow_pickle

    @torch.no_grad()
    def __call__(self, module: nn.Module) -> TransferReport:
        """Overwrites the weights of ``module`` and returns the account, which is also logged."""
        source = load_state_dict(self.checkpoint, self.prefix, self.allow_pickle)
        try:
            report = STRATEGIES[self.strategy](module.state_dict(), source)
        except ValueError as error:
            raise ValueError(
                f'init_cfg.checkpoint {self.checkpoint!r} (prefix {self.prefix!r}, strategy {self.strategy!r}) '
                f'into {type(module).__name__}: {error}'
            ) from None
        print_log(
            f'{type(module).__name__} starts from {self.checkpoint} ({self.prefix or "whole file"}): {report}',
            logger='current',
        )
        return report
