"""What is wrong with an experiment's data, found without training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.registry import DATASETS

__all__ = ['DataReport', 'check_data']

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@dataclass
class DataReport:
    """What was found in one data set.

    Attributes:
        key: Its place in the config, e.g. ``train_dataloader.dataset``.
        type: Its ``type``.
        problems: What is wrong, one text each; empty if all can be used.
        facts: What there is, one text each.
    """

    key: str
    type: str
    problems: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f'{self.key} ({self.type})', *(f'  {fact}' for fact in self.facts)]
        return '\n'.join([*lines, *(f'  WRONG: {problem}' for problem in self.problems)])


def check_data(cfg: Config) -> Iterator[DataReport]:
    """Reads every file of an experiment's data sets and says what is wrong with them, set by set.

    A data set that others wrap is checked first; a wrapper is left out if what it wraps can't be used. One that two
    loaders share is checked once.

    Args:
        cfg: The experiment.

    Yields:
        A report for each data set.
    """
    done: list[Any] = []
    for loader in LOADERS:
        node = (cfg.get(loader) or {}).get('dataset')
        if node:
            with DefaultScope.overwrite_default_scope('mmgentransfer'):
                yield from _check(node, f'{loader}.dataset', done)


def _check(node: Mapping[str, Any], key: str, done: list[Any]) -> Iterator[DataReport]:
    if node in done:
        return
    done.append(node)
    sound = True
    for place, inner in _inside(node, key):
        for report in _check(inner, place, done):
            sound = sound and not report.problems
            yield report
    if sound:
        yield _report(node, key)


def _inside(node: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the configs of data sets that are arguments of this one, and where they are."""
    for name, value in node.items():
        if isinstance(value, Mapping):
            if value.get('type') in DATASETS.module_dict:
                yield f'{key}.{name}', value
            else:
                yield from _inside(value, f'{key}.{name}')


def _report(node: Mapping[str, Any], key: str) -> DataReport:
    report = DataReport(key, node['type'])
    options = dict(node)
    component = DATASETS.get(node['type'])
    inspects = hasattr(component, 'inspect')
    if 'cache' in options or inspects:
        options['cache'] = 'none'
    if 'check' in options or inspects:
        options['check'] = 'none' if inspects else 'decode'
    if options.get('split_file') and not Path(options['split_file']).is_file():
        report.facts.append(f'there is no {options["split_file"]}: training will make and write the split')
        options['split_file'] = None
    try:
        dataset = DATASETS.build(options)
        if inspects:
            found = dataset.inspect()
            report.facts += found.facts
            report.problems += found.problems
        else:
            report.facts.append(f'{len(dataset)} samples')
            dataset[0]
    except (OSError, ValueError) as error:
        report.problems.append(str(error))
    return report
