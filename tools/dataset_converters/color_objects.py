"""Colour objects for configs/mmnets, configs/sdit and configs/baselines: eleven domains, one folder each.

Reads either
  SOURCE/train/COLOUR/*.jpg and SOURCE/test/COLOUR/*.jpg, which stay as they are split
or, not split yet,
  SOURCE/COLOUR/*.jpg: in an order by --seed the first --test images of each colour are for the test, the next --train,
  or what is left, for training (thesis section 6.4.1)

Writes
  OUT/train/COLOUR/*  OUT/test/COLOUR/*

The colour is the folder's name, never a number: lists of numbers in circulation disagree about yellow and black.
"""

from __future__ import annotations

from collections.abc import Sequence

from common import build_parser, deal, list_files, place_parts, run

COLOURS = ('blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black')
PARTS = ('train', 'test')


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--colours', nargs='+', choices=COLOURS, default=COLOURS, help='by default all eleven')
    parser.add_argument('--train', type=int, default=800, help='at most so many of each colour (default: %(default)s)')
    parser.add_argument('--test', type=int, default=200, help='as --train (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice of images')
    args = parser.parse_args(argv)
    numbers = args.train, args.test
    if min(numbers) < 1:
        raise ValueError(f'--train {args.train} and --test {args.test} must be at least 1')
    parts, asked = {}, {}
    for colour in args.colours:
        if (args.source / 'train').is_dir():
            parts |= {(part, colour): list_files(args.source / part / colour) for part in PARTS}
            continue
        dealt = deal(list_files(args.source / colour), *numbers, [args.seed, COLOURS.index(colour)])
        parts |= {(part, colour): files for part, files in zip(PARTS, dealt, strict=True)}
        asked |= {(part, colour): number for part, number in zip(PARTS, numbers, strict=True)}
    place_parts(parts, args.out, args.copy, asked)


if __name__ == '__main__':
    run(main)
