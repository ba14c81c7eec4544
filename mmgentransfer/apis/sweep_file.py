"""What a sweep file says: its keys, the choice of rows, and the filling of its placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmgentransfer.apis.train import read_config
from mmgentransfer.registry import suggest

__all__ = [
    'SWEEP_KEYS',
    'check_seeds',
    'choose_rows',
    'column_of',
    'fill',
    'means_of',
    'merge_variables',
    'read_sweep',
]

SWEEP_KEYS = dict(
    sweep=('title', 'variables', 'prerequisites', 'base', 'rows', 'seeds', 'means', 'columns', 'test'),
    prerequisites=('config', 'work_dir', 'options'),
    base=('config', 'options'),
    rows=('name', 'config', 'options', 'at'),
    means=('name', 'rows'),
    columns=('key', 'name', 'precision', 'better', 'at'),
)


def read_sweep(path: Path) -> dict[str, Any]:
    """Returns the content of a sweep file, with its keys checked.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It can't be read, has an unknown key, or lacks one.
    """
    content = read_config(path).to_dict()
    content = {key: value for key, value in content.items() if not key.startswith('_')}
    if 'model' in content:
        raise ValueError(f'{path} is the config of one experiment, not a sweep: mmgentransfer train runs it')
    _check_keys('sweep', content, 'sweep')
    for key in ('prerequisites', 'rows', 'means', 'columns'):
        for index, entry in enumerate(content.get(key, [])):
            if not isinstance(entry, dict):
                raise ValueError(f'{path}: {key}[{index}] must be a dict, got {entry!r}')
            _check_keys(f'{key}[{index}]', entry, key)
    _check_keys('base', content.get('base', {}), 'base')
    if not content.get('rows'):
        raise ValueError(f'{path}: rows must list at least one dict(name=..., options=...)')
    for index, row in enumerate(content['rows']):
        if 'name' not in row:
            raise ValueError(f'{path}: rows[{index}] lacks a name')
        if 'config' not in row and 'config' not in content.get('base', {}):
            raise ValueError(f'{path}: rows[{index}] has no config, and neither has base')
    if not isinstance(content.get('test', False), bool):
        raise ValueError(f'{path}: test must be True or False, got {content["test"]!r}')
    for index, entry in enumerate(content.get('prerequisites', [])):
        if 'config' not in entry or 'work_dir' not in entry:
            raise ValueError(f'{path}: prerequisites[{index}] needs config and work_dir')
    for index, column in enumerate(content.get('columns', [])):
        if 'key' not in column or column.get('better', 'lower') not in ('lower', 'higher'):
            raise ValueError(f"{path}: columns[{index}] needs a key, and its better is 'lower' or 'higher': {column}")
    for kind in ('rows', 'columns'):
        for index, entry in enumerate(content.get(kind, [])):
            at = entry.get('at', 0)
            if at != 'best' and (not isinstance(at, int) or at < 0):
                raise ValueError(f"{path}: {kind}[{index}].at must be an iteration or 'best', got {at!r}")
    _check_means(path, content.get('means', []), [row['name'] for row in content['rows']])
    return content


def _check_means(path: Path, entries: list[dict[str, Any]], rows: list[str]) -> None:
    names = [*rows, *(entry.get('name') for entry in entries)]
    for index, entry in enumerate(entries):
        if not entry.get('name') or not isinstance(entry.get('rows'), (list, tuple)) or not entry['rows']:
            raise ValueError(f'{path}: means[{index}] needs a name, and rows, a list of the names of rows: {entry}')
        if names.count(entry['name']) > 1:
            raise ValueError(f'{path}: means[{index}] has the name of another row of the table, {entry["name"]!r}')
        for name in entry['rows']:
            if name not in rows:
                raise ValueError(
                    f'{path}: means[{index}].rows names no row of the sweep: {name!r}.{suggest(str(name), rows)} '
                    f'Known: {", ".join(rows)}'
                )


def column_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Returns a column with its defaults; the key of one with ``at`` is ``key@at``."""
    key = f'{entry["key"]}@{entry["at"]}' if 'at' in entry else entry['key']
    return {'name': key, 'precision': 3, **entry, 'key': key}


def _check_keys(where: str, node: dict[str, Any], kind: str) -> None:
    known = SWEEP_KEYS[kind]
    for key in node:
        if key not in known:
            raise ValueError(
                f'unknown key {key!r} in {where}.{suggest(str(key), list(known))} Known: {", ".join(known)}'
            )


def merge_variables(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Returns the file's variables with the given values in place of their own; a ValueError names an unknown one."""
    for name in given:
        if name not in own:
            raise ValueError(
                f'the sweep has no variable {name!r}.{suggest(name, list(own))} Known: {", ".join(own) or "none"}'
            )
    return {**own, **given}


def choose_rows(entries: list[dict[str, Any]], names: Sequence[str] | None) -> list[dict[str, Any]]:
    """Returns the rows of these names, all by default; a ValueError names an unknown one."""
    known = [entry['name'] for entry in entries]
    for name in names or []:
        if name not in known:
            raise ValueError(f'the sweep has no row {name!r}.{suggest(name, known)} Known: {", ".join(known)}')
    return [entry for entry in entries if names is None or entry['name'] in names]


def means_of(
    entries: list[dict[str, Any]], chosen: list[dict[str, Any]], values: dict[str, Any]
) -> list[tuple[str, list[str]]]:
    """Returns name and rows of the means whose rows are all among the chosen ones."""
    known = {row['name'] for row in chosen}
    return [
        (fill(entry['name'], values), [fill(name, values) for name in entry['rows']])
        for entry in entries
        if known >= set(entry['rows'])
    ]


def check_seeds(seeds: Sequence[int]) -> list[int]:
    """Returns the seeds as a list; raises a ValueError unless they are different integers from 0 on."""
    wrong = [seed for seed in seeds if not isinstance(seed, int) or seed < 0]
    if not seeds or wrong or len(set(seeds)) != len(seeds):
        raise ValueError(f'seeds must be different integers from 0 on, at least one; got {list(seeds)}')
    return list(seeds)


def fill(node: Any, values: dict[str, Any]) -> Any:
    """Returns ``node`` with every ``{name}`` in its strings replaced; a string that is one ``{name}`` takes the value.

    Raises:
        ValueError: A name has no value.
    """
    if isinstance(node, dict):
        return {fill(key, values): fill(value, values) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(fill(item, values) for item in node)
    if not isinstance(node, str):
        return node

    def value_of(match: re.Match[str]) -> Any:
        name = match.group(1)
        if name not in values:
            raise ValueError(
                f'{node!r} in the sweep has a {{{name}}} without value.{suggest(name, list(values))} '
                f'Known: {", ".join(values) or "none"}; {{seed}} where there is a seed'
            )
        return values[name]

    whole = re.fullmatch(r'\{(\w+)\}', node)
    return value_of(whole) if whole else re.sub(r'\{(\w+)\}', lambda match: str(value_of(match)), node)
