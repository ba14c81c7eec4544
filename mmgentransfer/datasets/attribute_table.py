"""Tables of the attributes of images: what they say, and which images they say it of."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..registry import suggest
from .image_files import shorten

__all__ = ['AttributeTable']

COMMENT = '# '
HASH = 'sha256: '
TRUE, FALSE = ('1', '1.0', 'true', 'yes'), ('-1', '-1.0', '0', '0.0', 'false', 'no')


class AttributeTable:
    """The attributes of images, a row for each.

    Args:
        paths: The images' paths, relative to the folder of the images.
        columns: The values of each attribute, strings (N,), by its name.
        source: Where the table comes from, for error messages.
        notes: Lines about the table that are kept with it.

    Raises:
        ValueError: A path comes twice, or a column has another number of values.
    """

    def __init__(
        self,
        paths: Sequence[str] | np.ndarray,
        columns: Mapping[str, Sequence[str] | np.ndarray],
        source: str = 'the table',
        notes: Sequence[str] = (),
    ) -> None:
        self.paths = np.asarray(paths, dtype=object)
        self.columns = {name: np.asarray(values, dtype=object) for name, values in columns.items()}
        self.source = source
        self.notes = list(notes)
        for name, values in self.columns.items():
            if len(values) != len(self.paths):
                raise ValueError(f'{source}: the attribute {name!r} has {len(values)} values of {len(self.paths)} rows')
        unique, counts = np.unique(self.paths, return_counts=True)
        if len(unique) < len(self.paths):
            raise ValueError(f'{source} names images more than once:{shorten(unique[counts > 1].tolist())}')

    # ------------------------------------------------------------------ files

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> AttributeTable:
        """Reads a CSV file with the header ``path,<attribute>...``, or a list in the format of CelebA.

        CelebA's format has the number of images in its first line, the attributes' names in the second, and then, line
        by line, a file and 1 or -1 for each attribute. A CSV file may begin with lines of notes, ``# ...``; what
        :meth:`write` wrote has its hash there, which is checked.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It has no rows, a row of another length, or was changed since it was written with a hash.
        """
        file = Path(path).expanduser()
        if not file.is_file():
            beside = sorted(entry.name for entry in file.parent.iterdir()) if file.parent.is_dir() else []
            raise FileNotFoundError(f'there is no table of attributes {str(path)!r}.{suggest(file.name, beside)}')
        lines = file.read_text(encoding='utf-8-sig').splitlines()
        notes = []
        while lines and lines[0].startswith(COMMENT):
            notes.append(lines.pop(0).removeprefix(COMMENT))
        stated = [note.removeprefix(HASH) for note in notes if note.startswith(HASH)]
        if stated and stated[0] != _hash(lines):
            raise ValueError(
                f'{path} was changed since it was written: its hash is another one than its notes say. Write it again '
                '(mmgentransfer make-biased-set), or remove its first lines, those with #'
            )
        rows = [(number, line) for number, line in enumerate(lines, start=1 + len(notes)) if line.strip()]
        listing = bool(rows) and rows[0][1].strip().isdigit()
        if listing:
            header, body = ['path', *rows[1][1].split()] if len(rows) > 1 else ['path'], rows[2:]
            cells = [line.split() for _, line in body]
        else:
            parsed = list(csv.reader([line for _, line in rows]))
            header, body, cells = [name.strip() for name in parsed[0]] if parsed else [], rows[1:], parsed[1:]
            if 'path' not in header:
                raise ValueError(f"{path} has the columns {header}; one of them must be 'path'")
        if len(set(header)) < len(header):
            raise ValueError(f'{path} has a column twice: {header}')
        if not body:
            raise ValueError(f'{path} has no rows')
        for (number, _), row in zip(body, cells, strict=True):
            if len(row) != len(header):
                raise ValueError(f'{path}, line {number}: {len(row)} values, and the table has {len(header)} columns')
        if listing and int(rows[0][1]) != len(body):
            raise ValueError(f'{path} says in its first line that it has {int(rows[0][1])} images, and has {len(body)}')
        columns = {name: list(values) for name, values in zip(header, zip(*cells, strict=True), strict=True)}
        if not listing:
            columns = {name: [value.strip() for value in values] for name, values in columns.items()}
        return cls(columns.pop('path'), columns, str(path), notes)

    def write(self, path: str | os.PathLike[str]) -> str:
        """Writes the table as a CSV file with its notes and the SHA-256 of its rows, which is returned."""
        from ..checkpoints.files import atomic_write

        atomic_write(path, self.text().encode())
        return self.digest()

    def text(self) -> str:
        """Returns what :meth:`write` writes."""
        return '\n'.join([*(COMMENT + note for note in [*self.notes, HASH + self.digest()]), *self._lines(), ''])

    def digest(self) -> str:
        """Returns the SHA-256 of the header and the rows as lines of a CSV file."""
        return _hash(self._lines())

    def _lines(self) -> list[str]:
        header = _csv_line(['path', *self.columns])
        return [header, *(_csv_line(row) for row in zip(self.paths, *self.columns.values(), strict=True))]

    # ------------------------------------------------------------------ rows and columns

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: np.ndarray) -> AttributeTable:
        """Returns a table of some rows, by index or by mask."""
        return AttributeTable(
            self.paths[rows], {name: values[rows] for name, values in self.columns.items()}, self.source
        )

    def column(self, name: str, key: str) -> np.ndarray:
        """Returns an attribute's values, strings (N,); ``path`` is one too.

        Args:
            name: Of the attribute.
            key: The config key that it comes from, for the error message.

        Raises:
            ValueError: The table has no such attribute.
        """
        if name == 'path':
            return self.paths
        if name not in self.columns:
            known = list(self.columns)
            hint = suggest(name, known) or f' It has {", ".join(known[:50])}.'
            raise ValueError(f'{key} names {name!r}, which is no attribute of {self.source}.{hint}')
        return self.columns[name]

    def flags(self, name: str, key: str) -> np.ndarray:
        """Returns an attribute that is set or not as bool (N,): 1, true, yes; or 0, -1, false, no.

        Raises:
            ValueError: The table has no such attribute, or it has other values.
        """
        values = np.array([value.lower() for value in self.column(name, key)])
        on = np.isin(values, TRUE)
        if others := sorted(set(values[~on & ~np.isin(values, FALSE)].tolist())):
            raise ValueError(f'{key}: {name!r} of {self.source} is not 1 or 0 (or -1) alone, it has{shorten(others)}')
        return on

    def rows_where(self, where: Mapping[str, Any], key: str) -> np.ndarray:
        """Returns which rows meet all conditions, bool (N,).

        Args:
            where: By attribute: a value; a list, one of which it must be; or ``dict(min=, max=)``, of numbers, both
                included, one of which may be left out.
            key: The config key that they come from, for error messages.

        Raises:
            ValueError: An attribute is unknown, or a condition is of no such form, or on something else than numbers.
        """
        chosen = np.ones(len(self), bool)
        for name, wanted in where.items():
            # each value is looked at once, however many rows have it
            values, rows = np.unique(self.column(name, key).astype(str), return_inverse=True)
            if isinstance(wanted, Mapping):
                meets = _in_range(values, wanted, f'{key}.{name}', self.source)
            else:
                listed = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
                meets = np.array([any(_equal(value, item) for item in listed) for value in values.tolist()], bool)
            chosen &= meets[rows]
        return chosen

    def missing_files(self, folder: Path) -> list[str]:
        """Returns the paths that are no files in a folder; every folder in it is listed once."""
        there: dict[str, set[str]] = {}
        missing = []
        for path in self.paths.tolist():
            inside, name = os.path.split(path)
            if inside not in there:
                place = folder / inside
                there[inside] = {entry.name for entry in os.scandir(place)} if place.is_dir() else set()
            if name not in there[inside]:
                missing.append(path)
        return missing


def _hash(lines: Sequence[str]) -> str:
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def _csv_line(row: Sequence[str]) -> str:
    return ','.join(f'"{cell.replace(chr(34), 2 * chr(34))}"' if set(cell) & set(',"') else cell for cell in row)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _equal(value: str, wanted: Any) -> bool:
    """Compares a table's value with a config's: as numbers if the config has one, and as words if not."""
    if isinstance(wanted, bool):
        return value.lower() in (TRUE if wanted else FALSE)
    return _number(value) == wanted if isinstance(wanted, (int, float)) else value == str(wanted)


def _in_range(values: np.ndarray, wanted: Mapping[str, Any], key: str, source: str) -> np.ndarray:
    if not wanted or set(wanted) - {'min', 'max'}:
        raise ValueError(f'{key}={dict(wanted)}: a range has min, max or both')
    numbers = [_number(value) for value in values.tolist()]
    if None in numbers:
        raise ValueError(
            f'{key} is a range, but {source} has {str(values[numbers.index(None)])!r} there, which is no number'
        )
    array = np.array(numbers)
    return (array >= wanted.get('min', -np.inf)) & (array <= wanted.get('max', np.inf))
