"""Ten classes of Oxford Flowers-102, split for the opponent colours of thesis section 4.5 (table 4.1).

Reads
  SOURCE/jpg/image_00001.jpg  SOURCE/imagelabels.mat (a label of 1 to 102 for each image)

Writes
  OUT/rgb/{train,test}/CLASS/image_00001.jpg
  OUT/sets.json: the training samples that belong to T12 (theta1 with theta2) and to T13 (theta1 with theta3)

Of each class, in an order by --seed, a fifth is for the test; the rest is halved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from common import build_parser, convert_all, list_files, place, positions, run, write_json

# The release's labels, which count from 1.
CLASSES = {
    'passion_flower': 77,
    'petunia': 51,
    'rose': 74,
    'wallflower': 46,
    'watercress': 89,
    'water_lily': 73,
    'cyclamen': 88,
    'foxglove': 94,
    'frangipani': 81,
    'hibiscus': 83,
}
TEST_SHARE = 0.2


def deal(labels: np.ndarray, seed: int) -> dict[str, list[str]]:
    """Splits the images of the ten classes; ``labels`` (N,) are the release's, of image 1 to N."""
    parts: dict[str, list[str]] = dict(T12=[], T13=[], test=[])
    for place_, (name, label) in enumerate(CLASSES.items()):
        images = np.random.default_rng([seed, place_]).permutation(np.flatnonzero(labels == label) + 1)
        if not len(images):
            raise ValueError(f'imagelabels.mat has no image of {name} (label {label})')
        samples = [f'{name}/image_{number:05d}' for number in images]
        num_test = round(TEST_SHARE * len(samples))
        half = (len(samples) - num_test) // 2
        parts['test'] += samples[:num_test]
        parts['T12'] += samples[num_test : num_test + half]
        parts['T13'] += samples[num_test + half :]
    return parts


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--seed', type=int, default=0, help='of the split')
    args = parser.parse_args(argv)
    from scipy.io import loadmat

    file = args.source / 'imagelabels.mat'
    if not file.is_file():
        raise FileNotFoundError(f'there is no file {file}')
    labels = loadmat(file)['labels'].ravel()
    images = list_files(args.source / 'jpg', ('.jpg',))
    if len(images) != len(labels):
        raise ValueError(f'{args.source / "jpg"} has {len(images)} images, {file} {len(labels)} labels')
    parts = deal(labels, args.seed)

    def convert(file: str) -> None:
        place(args.source / 'jpg' / f'{file.split("/")[2]}.jpg', args.out / 'rgb' / f'{file}.jpg', args.copy)

    train = sorted([*parts['T12'], *parts['T13']])
    convert_all(convert, [*(f'train/{s}' for s in train), *(f'test/{s}' for s in parts['test'])], 'images')
    write_json(args.out / 'sets.json', {name: positions(parts[name], train) for name in ('T12', 'T13')})


if __name__ == '__main__':
    run(main)
