"""Biased training sets: exact numbers of images by attribute, and test sets that share no image with them."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmgentransfer.datasets.attribute_table import AttributeTable
from mmgentransfer.datasets.image_files import find_folder, shorten
from mmgentransfer.registry import suggest

__all__ = ['BiasedSet', 'load_biased_set', 'make_biased_sets']

ROLES = ('train', 'test', 'metric', 'extractor')
KEYS = ('roles', 'unit_key', 'seed', 'exclude')
GROUP_KEYS = ('where', 'count')
SUMMARY = 'biased_set.json'
FEWER = ': ask for fewer, or set allow_fewer (--allow-fewer)'


@dataclass(frozen=True)
class BiasedSet:
    """A set that was chosen from a table.

    Attributes:
        name: Its role, and its domain where the role has domains: ``trainA``.
        table: The images chosen, in their groups' order.
        counts: Number of images of each group.
        available: Number of images of each group that it was chosen from.
        path: The manifest.
        digest: SHA-256 of the manifest's rows.
    """

    name: str
    table: AttributeTable
    counts: tuple[int, ...]
    available: tuple[int, ...]
    path: Path
    digest: str


def load_biased_set(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the description of a biased set, a config (.py) or a .json file, for :func:`make_biased_sets`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has a key that is unknown, or lacks ``roles``.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f'there is no description of a biased set {str(path)!r}')
    spec = {key: value for key, value in Config.fromfile(file).to_dict().items() if not key.startswith('_')}
    for key in spec:
        if key not in KEYS:
            raise ValueError(f'{path} has the key {key!r}; known are {", ".join(KEYS)}.{suggest(key, list(KEYS))}')
    if 'roles' not in spec:
        raise ValueError(f'{path} lacks the key roles: the groups of images by role, one of {", ".join(ROLES)}')
    return spec


def make_biased_sets(
    table: AttributeTable | str | os.PathLike[str],
    out: str | os.PathLike[str],
    roles: Mapping[str, Any],
    unit_key: str = 'path',
    seed: int = 0,
    exclude: Sequence[str | os.PathLike[str]] = (),
    allow_fewer: bool = False,
    data_root: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> list[BiasedSet]:
    """Chooses images by their attributes and writes a manifest of each set, ``<out>/<role><domain>.csv``.

    A group is ``dict(where={attribute: condition}, count=n)``, with conditions as in
    :meth:`AttributeTable.rows_where`. Its images are those that meet the conditions and are of no unit used before,
    sorted by path and permuted by ``np.random.default_rng([seed, crc32(set's name), group's number])``; the first n of
    them are taken. Roles are chosen in the order train, test, metric, extractor, whatever their order in ``roles``.
    Sets of the role metric may share images with each other: each scores another property.

    A manifest is a table itself, with the columns of ``table``, so that :class:`AttributeImages` reads it. Its notes
    have what each group asked for and the hash of its rows. ``<out>/biased_set.json`` has all of it, what it was made
    with, and the hash of the rows of ``table``.

    Args:
        table: The attributes, or their file, as :meth:`AttributeTable.read` takes it.
        out: Folder of the manifests.
        roles: Groups by role: a list of groups, or such a list for each domain, ``dict(A=[...], B=[...])``.
        unit_key: The attribute that says what is never in two groups: the images themselves, or e.g. their subjects.
        seed: Of the choice.
        exclude: Manifests, or other tables, whose units are not to be used.
        allow_fewer: Whether a group may have fewer images than it asks for.
        data_root: Folder of the images; if it is given, every image chosen must be there.
        overwrite: Whether manifests in ``out`` that have other contents are written over, and those of sets that there
            are no longer are removed.

    Raises:
        FileExistsError: There are such manifests.
        FileNotFoundError: A table, the folder or images don't exist.
        ValueError: A role, an attribute or a key is unknown; a condition or a count is wrong; or a group has too few
            images.
    """
    if not isinstance(table, AttributeTable):
        table = AttributeTable.read(table)
    if not 0 <= seed < 2**32:
        raise ValueError(f'seed={seed} must lie in 0..{2**32 - 1}')
    names, units = np.unique(table.column(unit_key, 'unit_key').astype(str), return_inverse=True)
    used = np.zeros(len(names), bool)
    for path in exclude:
        others = AttributeTable.read(path).column(unit_key, f'exclude={str(path)!r}, unit_key')
        used |= np.isin(names, others.astype(str))
    chosen, apart = [], used  # apart: the units that a metric set may not have
    for role, name, groups in _named_sets(roles):
        mine = (apart if role == 'metric' else used).copy()
        rows, counts, available = [], [], []
        for index, group in enumerate(groups):
            key = f'roles.{name}[{index}]'
            count = _check_group(key, group)
            free = table.rows_where(group['where'], f'{key}.where') & ~mine[units]
            candidates = np.flatnonzero(free)
            candidates = candidates[np.argsort(table.paths[candidates].astype(str), kind='stable')]
            order = np.random.default_rng([seed, zlib.crc32(name.encode()), index]).permutation(len(candidates))
            if not len(candidates) or (len(candidates) < count and not allow_fewer):
                raise ValueError(
                    f'{key} wants {count} images with {_text(group["where"])}, and {table.source} has '
                    f'{len(candidates)} of them that no other group has taken'
                    + (_unmet(table, group['where'], key) or ('' if allow_fewer else FEWER))
                )
            taken = candidates[order[:count]]
            mine[units[taken]] = True
            rows.append(taken)
            counts.append(len(taken))
            available.append(len(candidates))
        used = used | mine
        apart = apart if role == 'metric' else used
        chosen.append((name, groups, table.take(np.concatenate(rows)), tuple(counts), tuple(available)))
    if data_root is not None:
        _check_files(chosen, data_root)
    out, sets = Path(out), []
    for name, groups, images, counts, available in chosen:
        images.notes = [f'{name}, seed {seed}, by {unit_key}'] + [
            f'{count} of {free}: {_text(group["where"])}'
            for group, count, free in zip(groups, counts, available, strict=True)
        ]
        sets.append(BiasedSet(name, images, counts, available, out / f'{name}.csv', images.digest()))
    _clear(out, sets, overwrite)
    for made in sets:
        made.table.write(made.path)
    settings = dict(roles=roles, unit_key=unit_key, seed=seed, exclude=list(map(str, exclude)), allow_fewer=allow_fewer)
    _write_summary(out, sets, dict(settings, table=table.source, table_sha256=table.digest()))
    return sets


def _named_sets(roles: Mapping[str, Any]) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """Returns the sets' roles, names and groups in the order in which they are chosen."""
    for role in roles:
        if role not in ROLES:
            raise ValueError(f'roles has {role!r}, known are {", ".join(ROLES)}.{suggest(role, list(ROLES))}')
    sets = []
    for role in [role for role in ROLES if role in roles]:
        domains = roles[role]
        named = {role + domain: domains[domain] for domain in sorted(domains)} if isinstance(domains, Mapping) else None
        sets += [(role, name, groups) for name, groups in (named or {role: domains}).items()]
    for _, name, groups in sets:
        if isinstance(groups, str) or not isinstance(groups, Sequence) or not groups:
            raise ValueError(f'roles.{name} must be a list of groups, dict(where=..., count=...), got {groups!r}')
    if not sets:
        raise ValueError(f'roles is empty: it has the groups of one or more of {", ".join(ROLES)}')
    return sets


def _check_group(key: str, group: Any) -> int:
    """Returns how many images a group wants."""
    if not isinstance(group, Mapping) or set(group) != set(GROUP_KEYS) or not isinstance(group['where'], Mapping):
        raise ValueError(f'{key}={group!r} must be dict(where=dict(attribute=value, ...), count=number)')
    count = group['count']
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f'{key}.count={count!r} must be a whole number of at least 1')
    return count


def _check_files(chosen: Sequence[tuple], data_root: str | os.PathLike[str]) -> None:
    root = find_folder(data_root, 'data_root')
    missing = [path for _, _, images, *_ in chosen for path in images.missing_files(root)]
    if missing:
        raise FileNotFoundError(f'of the images chosen {len(missing)} are not in {root}:{shorten(missing)}')


def _unmet(table: AttributeTable, where: Mapping[str, Any], key: str) -> str:
    """Returns which conditions no image of the table meets, with the values that there are; '' if each is met."""
    parts = []
    for name, wanted in where.items():
        if not table.rows_where({name: wanted}, f'{key}.where').any():
            values = sorted(set(table.column(name, key).astype(str).tolist()))
            parts.append(f'. None has {_text({name: wanted})}; the values of {name} are {", ".join(values[:20])}')
    return ''.join(parts)


def _text(where: Mapping[str, Any]) -> str:
    return ', '.join(f'{name}={value}' for name, value in where.items()) or 'any attributes'


def _clear(out: Path, sets: Sequence[BiasedSet], overwrite: bool) -> None:
    """Makes the folder, without manifests of earlier sets; only ``overwrite`` lets those be lost that are others."""
    out.mkdir(parents=True, exist_ok=True)
    summary = out / SUMMARY
    earlier = json.loads(summary.read_text(encoding='utf-8')).get('sets', {}) if summary.is_file() else {}
    texts = {made.path: made.table.text().encode() for made in sets}
    stale = [path for path in (out / f'{name}.csv' for name in earlier) if path.is_file() and path not in texts]
    others = [path for path, text in texts.items() if path.is_file() and path.read_bytes() != text]
    if (stale or others) and not overwrite:
        raise FileExistsError(
            f'{out} has manifests of another set; choose another folder, or overwrite them (--overwrite):'
            + shorten([path.name for path in (*others, *stale)])
        )
    for path in stale:
        path.unlink()


def _write_summary(out: Path, sets: Sequence[BiasedSet], settings: Mapping[str, Any]) -> None:
    from mmgentransfer.checkpoints import atomic_write

    found = {s.name: dict(counts=s.counts, available=s.available, sha256=s.digest) for s in sets}
    atomic_write(out / SUMMARY, json.dumps(dict(settings, sets=found), indent=1).encode())
