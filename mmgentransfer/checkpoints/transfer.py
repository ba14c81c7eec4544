"""Starting a network from the weights of another one, with an account of what happened to every tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

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
        partly_copied: Some columns taken over, the others new: random, or 0.
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
    return _transfer(target, source)


def uncond_to_concat(
    target: dict[str, Tensor], source: dict[str, Tensor], new_columns: str = 'glorot'
) -> TransferReport:
    """Copies an unconditional generator into one whose input is [z, one-hot class]: 'Cond Concat', thesis 2.4.1.

    The columns of z are copied; those of the classes, which follow them, keep their random values (``new_columns``
    'glorot'; the network's own initialisation of the wider layer) or become 0 ('zero': the network then starts as the
    source, whatever the class).

    Raises:
        ValueError: No layer has more inputs than the source's, or anything else differs.
    """
    widened = [
        name
        for name, tensor in target.items()
        if name in source
        and tensor.ndim == source[name].ndim == 2
        and tensor.shape[0] == source[name].shape[0]
        and tensor.shape[1] > source[name].shape[1]
    ]
    if len(widened) != 1:
        found = f'{len(widened)} do: {", ".join(widened[:5])}' if widened else 'none does'
        raise ValueError(
            "exactly one linear layer has to take more inputs than the checkpoint's, for the classes behind the noise "
            f'(num_classes > 0 and cond_mode="concat"); {found}'
        )
    return _transfer(target, source, widened=widened, zero_columns=new_columns == 'zero')


def uncond_to_bnorm(target: dict[str, Tensor], source: dict[str, Tensor]) -> TransferReport:
    """Copies an unconditional generator into one with a norm table of a row for each class: 'Cond BNorm', thesis 2.4.1.

    The scale and the offset of each norm go into all K rows, so that the network starts as the source for every class;
    all else is copied, running statistics too.

    Raises:
        ValueError: No norm has a row for each class, or anything else differs.
    """
    tiled = [
        name
        for name, tensor in target.items()
        if name in source and tensor.ndim == 2 and tensor.shape[1:] == source[name].shape
    ]
    if not tiled:
        raise ValueError(
            'no norm of the network has a row for each class where the checkpoint has one for all: it needs '
            'num_classes > 0 and conditional batch norms (cond_mode="bnorm"), and the checkpoint must have none'
        )
    return _transfer(target, source, tiled=tiled)


def uncond_to_acgan(target: dict[str, Tensor], source: dict[str, Tensor]) -> TransferReport:
    """Copies a critic into one with a class head (``class_head.*``), which stays random (thesis section 2.4.1).

    Raises:
        ValueError: The network has no class head, the checkpoint has one, or anything else differs.
    """
    head = [name for name in target if name.startswith('class_head.')]
    if not head:
        raise ValueError('the network has no class head: give it num_classes > 0, or take strategy "copy"')
    if any(name in source for name in head):
        raise ValueError('the checkpoint has a class head already: take strategy "copy"')
    return _transfer(target, source, random=head)


def _transfer(
    target: dict[str, Tensor],
    source: dict[str, Tensor],
    tiled: Sequence[str] = (),
    widened: Sequence[str] = (),
    random: Sequence[str] = (),
    zero_columns: bool = False,
) -> TransferReport:
    """Copies all tensors, those that are named in the ways that are named; nothing is written if one does not fit.

    Args:
        target: Tensors of the network, written in place.
        source: Tensors of the checkpoint.
        tiled: Names of tables (K, c) that get the source's vector (c,) in each row.
        widened: Names of matrices that get the source's in their first columns.
        random: Names that the source lacks.
        zero_columns: Whether the other columns of ``widened`` become 0.

    Raises:
        ValueError: Names or shapes differ.
    """
    special = {*tiled, *widened, *random}
    missing = [name for name in target if name not in source and name not in random]
    unused = [name for name in source if name not in target]
    wrong = [
        name for name in target if name in source and name not in special and target[name].shape != source[name].shape
    ]
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
    report = TransferReport(random=list(random))
    for name, tensor in target.items():
        if name in tiled:
            tensor.copy_(source[name].expand_as(tensor))
            report.tiled.append(name)
        elif name in widened:
            columns = source[name].shape[1]
            tensor[:, :columns].copy_(source[name])
            if zero_columns:
                tensor[:, columns:].zero_()
            report.partly_copied.append(name)
        elif name not in random:
            tensor.copy_(source[name])
            report.copied.append(name)
    return report


STRATEGIES: dict[str, Callable[..., TransferReport]] = dict(
    copy=copy_all,
    uncond_to_concat=uncond_to_concat,
    uncond_to_bnorm=uncond_to_bnorm,
    uncond_to_acgan=uncond_to_acgan,
)
NEW_COLUMNS = ('glorot', 'zero')


@WEIGHT_INITIALIZERS.register_module()
class TransferredWeights:
    """An initialiser that takes a network's weights from a checkpoint (thesis section 2.3.4).

    Used as a network's ``init_cfg``, after its random initialisation. Optimiser states are never taken.

    Args:
        checkpoint: A file, the folder of a run (its latest checkpoint), or a URL.
        prefix: The network's name in the source model, e.g. ``generator``; its moving average is preferred.
        strategy: How the source's tensors map to the network's: 'copy', or from an unconditional source to a network
            with classes 'uncond_to_concat' and 'uncond_to_bnorm' (generators) and 'uncond_to_acgan' (critics).
        allow_pickle: Whether to read a file that could run code.
        new_columns: For 'uncond_to_concat', how the weights of the classes start: 'glorot' (random, the default) or
            'zero' (the network starts as the source).

    Raises:
        ValueError: The strategy or ``new_columns`` is unknown, they don't go together, or the weights don't fit.
        FileNotFoundError: There is no such checkpoint.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str = '',
        strategy: str = 'copy',
        allow_pickle: bool = False,
        new_columns: Literal['glorot', 'zero'] | None = None,
    ) -> None:
        if strategy not in STRATEGIES:
            raise ValueError(
                f'init_cfg.strategy is {strategy!r}; the strategies are {sorted(STRATEGIES)}.'
                f'{suggest(strategy, list(STRATEGIES))}'
            )
        if new_columns is not None and new_columns not in NEW_COLUMNS:
            raise ValueError(f'init_cfg.new_columns is {new_columns!r}; it can be one of {NEW_COLUMNS}')
        if new_columns is not None and strategy != 'uncond_to_concat':
            raise ValueError(
                f"init_cfg.new_columns={new_columns!r} is for strategy 'uncond_to_concat'; the strategy is {strategy!r}"
            )
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.strategy = strategy
        self.allow_pickle = allow_pickle
        self._options = {} if new_columns is None else dict(new_columns=new_columns)

    @torch.no_grad()
    def __call__(self, module: nn.Module) -> TransferReport:
        """Overwrites the weights of ``module`` and returns the account, which is also logged."""
        source = load_state_dict(self.checkpoint, self.prefix, self.allow_pickle)
        try:
            report = STRATEGIES[self.strategy](module.state_dict(), source, **self._options)
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
