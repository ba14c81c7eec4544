"""Colour objects for configs/mmnets: eleven domains, one folder each (thesis section 4.3.4).

Reads either
  SOURCE/train/COLOUR/*.jpg and SOURCE/test/COLOUR/*.jpg
or, not split yet,
  SOURCE/COLOUR/*.jpg: of each colour --test images, chosen by --seed, are for the test

Writes
  OUT/train/COLOUR/*  OUT/test/COLOUR/*

The colour is the folder's name, never a number: lists of numbers in circulation disagree about yellow and black.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from common import build_parser, list_files, place, run

COLOURS = ('blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black')


def find(source: Path, num_test: int, seed: int) -> dict[tuple[str, str], list[Path]]:
    """Returns the files by (part, colour)."""
    parts = {}
    for place_, colour in enumerate(COLOURS):
        if (source / 'train').is_dir():
            for part in ('train', 'test'):
                parts[part, colour] = list_files(source / part / colour)
            continue
        files = list_files(source / colour)
        if len(files) <= num_test:
            raise ValueError(f'{source / colour} has {len(files)} images; --test {num_test} leaves none to train on')
        order = np.random.default_rng([seed, place_]).permutation(len(files))
        parts['test', colour] = [files[i] for i in order[:num_test]]
        parts['train', colour] = [files[i] for i in order[num_test:]]
    return parts


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--test', type=int, default=100, help='test images of each colour, if there is no such folder')
    parser.add_argument('--seed', type=int, default=0, help='of the choice of test images')
    args = parser.parse_args(argv)
    if args.test < 1:
        raise ValueError(f'--test must be at least 1, got {args.test}')
    for (part, colour), files in find(args.source, args.test, args.seed).items():
        for file in files:
            place(file, args.out / part / colour / file.name, args.copy)
        print(f'{part}/{colour}: {len(files)}')


if __name__ == '__main__':
    run(main)
