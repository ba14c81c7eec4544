"""Starting a network from the weights of another one, with an account of what happened to every tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn

from mmgentransfer.checkpoints.class_tables import chosen_rows
from mmgentransfer.checkpoints.describe import compare, config_of_network
from mmgentransfer.checkpoints.files import load_checkpoint, load_state_dict
from mmgentransfer.registry import WEIGHT_INITIALIZERS, suggest

__all__ = ['STRATEGIES', 'TransferReport', 'TransferredWeights']


@dataclass
class TransferReport:
    """What became of each tensor of the target network, by name.

    Args:
        copied: Taken over as they are.
        tiled: Repeated, e.g. one row of a norm for every class.
        averaged: The mean of a table's rows, e.g. of a norm with a row for each class.
        cut: A part taken over, e.g. the columns of the image without those of the class.
        partly_copied: Some columns taken over, the others new: random, or 0.
        random: Left at their random initialisation because the source has nothing for them.
        unused: Tensors of the source that the target has no place for.
    """

    copied: list[str] = field(default_factory=list)
    tiled: list[str] = field(default_factory=list)
    averaged: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    partly_copied: list[str] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f'{len(self.copied)} tensors copied']
        for name in ('tiled', 'averaged', 'cut', 'partly_copied', 'random', 'unused'):
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


def cond_to_uncond(target: dict[str, Tensor], source: dict[str, Tensor]) -> TransferReport:
    """Copies a network with class-conditional batch norms or a projection into one without classes.

    The scale and the offset of each norm become the mean over the classes of the source's, and a critic's table of
    class vectors is left out, so that its score is without the projection; all else is copied.

    Raises:
        ValueError: The checkpoint has neither a norm with a row for each class nor a table of class vectors where the
            network has none, or anything else differs.
    """
    averaged = [
        name
        for name, tensor in target.items()
        if name in source and tensor.ndim == 1 and source[name].ndim == 2 and source[name].shape[1:] == tensor.shape
    ]
    table = [name for name in source if name not in target and name.startswith(('embedding.', 'embed.'))]
    if not averaged and not table:
        raise ValueError(
            'the checkpoint has no conditional norms and no projection that the network lacks: for the same classes '
            'take strategy "copy", for classes that enter as one-hot planes "strip_onehot"'
        )
    return _transfer(target, source, averaged=averaged, left_out=table)


def one_class(target: dict[str, Tensor], source: dict[str, Tensor], source_class: int | None = None) -> TransferReport:
    """Copies a network with K classes into the same with ``num_classes=1``, e.g. a BigGAN whose target has no label.

    Each table of classes becomes one row: that of ``source_class``, or the mean over all classes. With a spectral norm,
    whose vectors belong to the whole table, it gets those of the row: the layer's weight is the row at length 1.

    Raises:
        ValueError: The network has no table of one row where the checkpoint has one of several, ``source_class`` is
            none of the classes, or anything else differs.
    """
    tables = [
        name
        for name, tensor in target.items()
        if name in source and tensor.shape[:1] == (1,) and tensor.shape[1:] == source[name].shape[1:]
        if len(source[name]) > 1
    ]
    if not tables:
        raise ValueError(
            'no table of the network has one row where the checkpoint has one for each class: it needs num_classes=1, '
            'and the checkpoint several'
        )
    for name in tables:
        if source_class is not None and not 0 <= source_class < len(source[name]):
            raise ValueError(f'init_cfg.source_class={source_class}: the classes are 0 to {len(source[name]) - 1}')
    rows = {
        name: source[name].mean(0, keepdim=True) if source_class is None else source[name][source_class, None]
        for name in tables
    }
    for name in tables:
        if name.endswith('.original'):
            norm = name.removesuffix('original') + '0.'
            if f'{norm}_u' in rows:
                rows |= {f'{norm}_u': torch.ones(1), f'{norm}_v': F.normalize(rows[name].flatten(), dim=0)}
    report = _transfer(target, source | rows)
    report.copied = [name for name in report.copied if name not in rows]
    (report.averaged if source_class is None else report.cut).extend(rows)
    return report


def select_classes(
    target: dict[str, Tensor], source: dict[str, Tensor], source_classes: str | Sequence[int] = 'first'
) -> TransferReport:
    """Copies a network with classes into the same with others: each table gets the rows of ``source_classes``.

    Raises:
        ValueError: There is no such table or class, or anything else differs.
    """
    rows = chosen_rows(target, source, source_classes)
    report = _transfer(target, source | rows)
    report.copied = [name for name in report.copied if name not in rows]
    {'mean': report.averaged, 'random': report.random}.get(str(source_classes), report.cut).extend(rows)
    return report


def strip_onehot(target: dict[str, Tensor], source: dict[str, Tensor]) -> TransferReport:
    """Copies a critic that takes one-hot planes (or numbers) of a class beside the image into one without classes.

    The first layer keeps the weights of the image, which come first; all else is copied.

    Raises:
        ValueError: No layer has fewer inputs than the checkpoint's, or anything else differs.
    """
    cut = [
        name
        for name, tensor in target.items()
        if name in source
        and tensor.ndim == source[name].ndim
        and tensor.ndim in (2, 4)
        and tensor.shape[0] == source[name].shape[0]
        and tensor.shape[2:] == source[name].shape[2:]
        and tensor.shape[1] < source[name].shape[1]
    ]
    if len(cut) != 1:
        found = f'{len(cut)} do: {", ".join(cut[:5])}' if cut else 'none does'
        raise ValueError(
            "exactly one layer, a critic's first, has to take fewer inputs than the checkpoint's, whose class enters "
            f'beside the image; {found}'
        )
    return _transfer(target, source, cut=cut)


def _transfer(
    target: dict[str, Tensor],
    source: dict[str, Tensor],
    tiled: Sequence[str] = (),
    widened: Sequence[str] = (),
    random: Sequence[str] = (),
    averaged: Sequence[str] = (),
    cut: Sequence[str] = (),
    left_out: Sequence[str] = (),
    zero_columns: bool = False,
) -> TransferReport:
    """Copies all tensors, those that are named in the ways that are named; nothing is written if one does not fit.

    Args:
        target: Tensors of the network, written in place.
        source: Tensors of the checkpoint.
        tiled: Names of tables (K, c) that get the source's vector (c,) in each row.
        widened: Names of matrices that get the source's in their first columns.
        random: Names that the source lacks.
        averaged: Names of vectors (c,) that get the mean of the rows of the source's tables (K, c).
        cut: Names of weights that get the first inputs of the source's.
        left_out: Names that the target lacks.
        zero_columns: Whether the other columns of ``widened`` become 0.

    Raises:
        ValueError: Names or shapes differ.
    """
    special = {*tiled, *widened, *random, *averaged, *cut}
    missing = [name for name in target if name not in source and name not in random]
    unused = [name for name in source if name not in target and name not in left_out]
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
    report = TransferReport(random=list(random), unused=list(left_out))
    for name, tensor in target.items():
        if name in tiled:
            tensor.copy_(source[name].expand_as(tensor))
            report.tiled.append(name)
        elif name in averaged:
            tensor.copy_(source[name].mean(dim=0))
            report.averaged.append(name)
        elif name in cut:
            tensor.copy_(source[name][:, : tensor.shape[1]])
            report.cut.append(name)
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
    cond_to_uncond=cond_to_uncond,
    strip_onehot=strip_onehot,
    one_class=one_class,
    select_classes=select_classes,
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
            with classes 'uncond_to_concat' and 'uncond_to_bnorm' (generators) and 'uncond_to_acgan' (critics), or from
            a source with classes to a network without 'cond_to_uncond' (conditional norms, projection) and
            'strip_onehot' (critics that the class enters beside the image); 'one_class' to one with ``num_classes=1``,
            'select_classes' to one with other classes.
        allow_pickle: Whether to read a file that could run code.
        new_columns: For 'uncond_to_concat', how the weights of the classes start: 'glorot' (random, the default) or
            'zero' (the network starts as the source).
        source_class: For 'one_class', the class that is taken; None for the mean of all.
        source_classes: For 'select_classes', which rows of the tables the classes get: 'first' (the default), 'mean',
            'random', or a list.

    Raises:
        ValueError: The strategy or ``new_columns`` is unknown, they or ``source_class`` don't go together, or the
            weights don't fit.
        FileNotFoundError: There is no such checkpoint.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str = '',
        strategy: str = 'copy',
        allow_pickle: bool = False,
        new_columns: Literal['glorot', 'zero'] | None = None,
        source_class: int | None = None,
        source_classes: str | Sequence[int] | None = None,
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
        if source_class is not None and strategy != 'one_class':
            raise ValueError(
                f"init_cfg.source_class={source_class} is for strategy 'one_class'; the strategy is {strategy!r}"
            )
        if source_classes is not None and strategy != 'select_classes':
            raise ValueError(f"init_cfg.source_classes is for strategy 'select_classes'; the strategy is {strategy!r}")
        if isinstance(source_classes, str) and source_classes not in ('first', 'mean', 'random'):
            raise ValueError(f"init_cfg.source_classes={source_classes!r}: 'first', 'mean', 'random', or a list")
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.strategy = strategy
        self.allow_pickle = allow_pickle
        options = dict(new_columns=new_columns, source_class=source_class, source_classes=source_classes)
        self._options = {name: value for name, value in options.items() if value is not None}

    @torch.no_grad()
    def __call__(self, module: nn.Module) -> TransferReport:
        """Overwrites the weights of ``module`` and returns the account, which is also logged."""
        try:
            source = load_state_dict(self.checkpoint, self.prefix, self.allow_pickle)
        except ValueError as error:
            raise ValueError(f'{type(module).__name__}: {error}; init_cfg=None starts it from scratch') from None
        try:
            report = STRATEGIES[self.strategy](module.state_dict(), source, **self._options)
        except ValueError as error:
            text = load_checkpoint(self.checkpoint, self.allow_pickle).get('meta', {}).get('cfg')
            sentence = compare(source, module, config_of_network(text, self.prefix))
            raise ValueError(
                f'init_cfg.checkpoint {self.checkpoint!r} (prefix {self.prefix!r}, strategy {self.strategy!r}) '
                f'into {type(module).__name__}: {sentence}; {error}'
            ) from None
        print_log(
            f'{type(module).__name__} starts from {self.checkpoint} ({self.prefix or "whole file"}): {report}',
            logger='current',
        )
        return report
