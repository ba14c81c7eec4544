"""SUN RGB-D for configs/mmnets: depth in millimetres, 13 classes, and the split of thesis section 4.6.1.

Reads
  SOURCE/image/img-000001.jpg      colour, numbered as in the toolbox: 1 to 5050 the official test images, then training
  SOURCE/depth/000001.png          16 bits, rotated to the left by 13 (as the toolbox stores them); or img-000001.png
  SOURCE/label37/img-000001.png    classes 1 to 37, 0 for none

Writes
  OUT/rgb/000001.jpg  OUT/depth/000001.png (mm, at most 8 m, 0 for missing)  OUT/segmentation/000001.png (0 to 13)
  OUT/train.txt  OUT/test.txt  OUT/sets.json (the samples of train.txt that belong to RS and to RD)  OUT/split.json

The thesis's split was not published. A permutation by --seed gives the last 335 images to the test, the first 5,000 to
RS and the next 5,000 to RD; --split takes another, in the form of split.json, {"RS": [ids], "RD": [...], "test": [...]}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from common import (
    build_parser,
    convert_all,
    list_files,
    place,
    positions,
    read_numbers,
    run,
    write_image,
    write_json,
    write_lines,
)

# Class of NYU-13 of each class of NYU-40, whose first 37 are those of SUN RGB-D; 0 is unknown.
TO_13 = np.array(
    [
        '0',
        '12',
        '5',
        '6',
        '1',
        '4',
        '9',
        '10',
        '12',
        '13',
        '6',
        '8',
        '6',
        '13',
        '10',
        '6',
        '13',
        '6',
        '7',
        '7',
        '5',
        '7',
        '3',
        '2',
        '6',
        '11',
        '7',
        '7',
        '7',
        '7',
        '7',
        '7',
        '6',
        '7',
        '7',
        '7',
        '7',
        '7',
        '7',
        '6',
        '7',
    ],
    np.uint8,
)
FARTHEST = 8000  # millimetres, as in the toolbox
NUM_TEST = 335


def to_millimetres(stored: np.ndarray) -> np.ndarray:
    """Undoes the rotation of 16-bit depth and limits it: uint16 in, millimetres out."""
    stored = stored.astype(np.uint16)
    return np.minimum((stored >> 3) | (stored << 13), FARTHEST).astype(np.uint16)


def to_13_classes(labels: np.ndarray) -> np.ndarray:
    """Maps labels of SUN RGB-D or NYU-40 to the 13 classes.

    Raises:
        ValueError: A label is beyond 40.
    """
    if labels.max() >= len(TO_13):
        raise ValueError(f'labels go to {labels.max()}, but there are 37 classes of SUN RGB-D, or 40 of NYU')
    return TO_13[labels]


def deal(ids: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Splits ids into RS and RD, of one size, and the test."""
    mixed = np.random.default_rng(seed).permutation(np.array(sorted(ids))).tolist()
    train, test = mixed[:-NUM_TEST], mixed[-NUM_TEST:]
    half = len(train) // 2
    if half == 0:
        raise ValueError(f'{len(ids)} images are too few: {NUM_TEST} are for the test')
    return dict(RS=train[:half], RD=train[half : 2 * half], test=test)


def read_split(path: Path, ids: Sequence[str]) -> dict[str, list[str]]:
    """Reads a split; ids may be numbers or texts."""
    split = {name: [f'{int(i):06d}' for i in part] for name, part in json.loads(path.read_text()).items()}
    if set(split) != {'RS', 'RD', 'test'}:
        raise ValueError(f'{path} has the parts {sorted(split)}, not RS, RD and test')
    chosen = [i for part in split.values() for i in part]
    if len(set(chosen)) < len(chosen):
        raise ValueError(f'{path} has an id in two parts or twice')
    if unknown := sorted(set(chosen) - set(ids)):
        raise ValueError(f'{path} names {len(unknown)} ids without an image, e.g. {unknown[0]}')
    return split


def write_split(out: Path, split: Mapping[str, Sequence[str]]) -> None:
    """Writes the lists that the config reads."""
    train = sorted([*split['RS'], *split['RD']])
    write_lines(out / 'train.txt', train)
    write_lines(out / 'test.txt', sorted(split['test']))
    write_json(out / 'sets.json', {name: positions(split[name], train) for name in ('RS', 'RD')})
    write_json(out / 'split.json', {name: sorted(part) for name, part in split.items()})


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--split', type=Path, help='JSON file with the ids of RS, RD and test')
    parser.add_argument('--seed', type=int, default=0, help='of the split that is made without --split')
    args = parser.parse_args(argv)
    images = {path.stem.removeprefix('img-'): path for path in list_files(args.source / 'image')}
    split = read_split(args.split, list(images)) if args.split else deal(list(images), args.seed)

    def convert(name: str) -> None:
        place(images[name], args.out / 'rgb' / f'{name}{images[name].suffix}', args.copy)
        depth = args.source / 'depth' / f'{name}.png'
        depth = depth if depth.is_file() else args.source / 'depth' / f'img-{name}.png'
        stored = read_numbers(depth)
        if stored.ndim != 2 or stored.max(initial=0) > 65535:
            raise ValueError(f'{depth} has the shape {stored.shape}: one number of 16 bits a pixel is needed')
        write_image(args.out / 'depth' / f'{name}.png', to_millimetres(stored))
        label = args.source / 'label37' / f'img-{name}.png'
        try:
            classes = to_13_classes(read_numbers(label))
        except ValueError as error:
            raise ValueError(f'{label}: {error}') from error
        write_image(args.out / 'segmentation' / f'{name}.png', classes)

    used = sorted(i for part in split.values() for i in part)
    convert_all(convert, used, 'images converted')
    write_split(args.out, split)
    print(', '.join(f'{name}: {len(part)}' for name, part in split.items()))


if __name__ == '__main__':
    run(main)
