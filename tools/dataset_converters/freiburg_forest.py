"""Freiburg Forest for configs/mmnets: five classes from the colours of the annotation (thesis section 4.6.1).

Reads, for PART of train and test
  SOURCE/PART/rgb/NAME_Clipped.jpg  SOURCE/PART/depth_gray/NAME_*
  SOURCE/PART/nir_gray/NAME_*       SOURCE/PART/GT_color/NAME_*
where the name of a frame ends at _Clipped or _mask.

Writes
  OUT/{rgb,depth,nir}/PART/NAME.*  OUT/segmentation/PART/NAME.png: 0 sky, 1 trail, 2 grass, 3 vegetation, 4 obstacle
  OUT/sets.json: the first half of the training frames, in the order of their names, is RS, the second RDN; neighbouring
  frames look alike and are not to be on both sides
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from common import build_parser, convert_all, list_files, place, read_numbers, run, write_image, write_json

CLASSES = ('sky', 'trail', 'grass', 'vegetation', 'obstacle')
COLOURS = {
    (0, 120, 255): 0,
    (170, 170, 170): 1,
    (0, 255, 0): 2,
    (102, 102, 51): 3,
    (0, 60, 0): 3,  # trees
    (0, 0, 0): 4,
}
FOLDERS = dict(rgb='rgb', depth='depth_gray', nir='nir_gray', segmentation='GT_color')


def to_classes(colours: np.ndarray) -> np.ndarray:
    """Maps the annotation's colours, uint8 (H, W, 3), to classes, uint8 (H, W); 255 for any other colour."""
    codes = colours[..., :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    classes = np.full(codes.shape, 255, np.uint8)
    for (red, green, blue), number in COLOURS.items():
        classes[codes == (red << 16 | green << 8 | blue)] = number
    return classes


def frame_of(path: Path) -> str:
    """Returns the name of the frame that a file belongs to."""
    return re.split(r'_Clipped|_mask', path.stem)[0]


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    args = build_parser(__doc__).parse_args(argv)
    for part in ('train', 'test'):
        files = {
            name: {frame_of(path): path for path in list_files(args.source / part / folder)}
            for name, folder in FOLDERS.items()
        }
        frames = sorted(files['rgb'])
        for name, found in files.items():
            if lost := sorted(set(frames) ^ set(found)):
                raise ValueError(f'{args.source / part}: {name} and rgb differ in {len(lost)} frames, e.g. {lost[0]}')

        def convert(frame: str, part: str = part, files: dict[str, dict[str, Path]] = files) -> None:
            for name in ('rgb', 'depth', 'nir'):
                path = files[name][frame]
                place(path, args.out / name / part / f'{frame}{path.suffix}', args.copy)
            colours = read_numbers(files['segmentation'][frame])
            if colours.ndim != 3:
                raise ValueError(f'{files["segmentation"][frame]} is no colour image')
            write_image(args.out / 'segmentation' / part / f'{frame}.png', to_classes(colours))

        convert_all(convert, frames, f'frames of {part}')
        if part == 'train':
            half = len(frames) // 2
            write_json(args.out / 'sets.json', dict(RS=list(range(half)), RDN=list(range(half, len(frames)))))


if __name__ == '__main__':
    run(main)
