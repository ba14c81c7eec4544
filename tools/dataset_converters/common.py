"""What the converters of data sets share: files that are linked, written at once, and worked on in threads."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

__all__ = [
    'build_parser',
    'convert_all',
    'deal',
    'list_files',
    'place',
    'place_parts',
    'positions',
    'read_numbers',
    'run',
    'write_image',
    'write_json',
    'write_lines',
]


def build_parser(doc: str) -> argparse.ArgumentParser:
    """Returns a parser with what every converter takes; ``doc`` is the converter's docstring."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, help='folder of the data set as it was downloaded and unpacked')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--copy', action='store_true', help='copy the files that need no conversion; default: link')
    return parser


def run(main: Callable[[Sequence[str] | None], None]) -> None:
    """Runs a converter; an error about its input is a line on stderr and status 2."""
    try:
        main(None)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(2)


def list_files(folder: Path, endings: Iterable[str] = ('.png', '.jpg', '.jpeg')) -> list[Path]:
    """Returns a folder's files with these endings, sorted by name.

    Raises:
        FileNotFoundError: There is no such folder, or no such file in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f'there is no folder {folder}')
    endings = tuple(endings)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in endings and not p.name.startswith('.'))
    if not files:
        raise FileNotFoundError(f'{folder} has no file that ends with {", ".join(endings)}')
    return files


def read_numbers(path: Path) -> np.ndarray:
    """Returns an image's numbers as they are, (H, W) or (H, W, 3) in RGB.

    Raises:
        ValueError: The file can't be read; the message names it.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f'{path} can not be read: {error}') from error


def write_image(path: Path, values: np.ndarray) -> None:
    """Writes uint8 or uint16 (H, W) as PNG, completely or not at all."""
    coded = cv2.imencode('.png', values)[1]
    _write(path, coded.tobytes())


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes one text a line."""
    _write(path, ''.join(f'{line}\n' for line in lines).encode())


def write_json(path: Path, content: object) -> None:
    """Writes JSON."""
    _write(path, json.dumps(content).encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.part')
    part.write_bytes(content)
    os.replace(part, path)


def place(source: Path, target: Path, copy: bool) -> None:
    """Makes ``target`` a link to, or a copy of, ``source``; what is there already stays.

    Raises:
        FileNotFoundError: ``source`` does not exist.
    """
    if not source.is_file():
        raise FileNotFoundError(f'there is no file {source}')
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy:
        part = target.with_name(f'{target.name}.part')
        shutil.copyfile(source, part)
        os.replace(part, target)
    else:
        target.unlink(missing_ok=True)  # a link to what is no longer there
        target.symlink_to(source.resolve())


def deal(files: Sequence[Path], num_train: int, num_test: int, seed: Sequence[int]) -> tuple[list[Path], list[Path]]:
    """Returns the files for training and for the test, in the order of ``files``.

    In an order by ``seed`` the first ``num_test`` are for the test, the next ``num_train``, or what is left, for
    training.

    Raises:
        ValueError: None is left.
    """
    if len(files) <= num_test:
        raise ValueError(f'{files[0].parent} has {len(files)} images; --test {num_test} leaves none to train on')
    order = np.random.default_rng(seed).permutation(len(files))
    train, test = sorted(order[num_test:][:num_train]), sorted(order[:num_test])
    return [files[i] for i in train], [files[i] for i in test]


def place_parts(
    parts: Mapping[tuple[str, str], Sequence[Path]], out: Path, copy: bool, asked: Mapping[tuple[str, str], int]
) -> None:
    """Places the files of each (part, domain) in ``out/part/domain``, and says how many of the ``asked`` there are.

    Raises:
        ValueError: A folder has other files, so that training and test images of two splits would be mixed.
    """
    for (part, domain), files in parts.items():
        folder = out / part / domain
        there = {path.name for path in folder.glob('*') if not path.name.startswith('.') and path.suffix != '.part'}
        others = sorted(there - {file.name for file in files})
        if others:
            raise ValueError(f'{folder} has files of another split, such as {others[0]}: remove {out} first')
    for key, files in parts.items():
        for file in files:
            place(file, out.joinpath(*key, file.name), copy)
        print(f'{"/".join(key)}: {len(files)}' + (f' of {asked[key]}' if key in asked else ''))


def convert_all(convert: Callable[[str], None], samples: Sequence[str], what: str) -> None:
    """Converts samples in threads, and says how many there were; the first error ends it."""
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        for done, _ in enumerate(pool.map(convert, samples, chunksize=16), start=1):
            if done % 10000 == 0:
                print(f'{done} of {len(samples)}', flush=True)
    print(f'{len(samples)} {what}')


def positions(chosen: Iterable[str], listed: Sequence[str]) -> list[int]:
    """Returns the places of ``chosen`` in the sorted ``listed``, which are the samples' numbers in a data set."""
    places = {name: place for place, name in enumerate(sorted(listed))}
    return sorted(places[name] for name in chosen)
