"""The command ``mmgentransfer make-biased-set``: its arguments and its handler."""

from __future__ import annotations

import argparse

__all__ = ['MAKE_BIASED_SET_HELP', 'add_make_biased_set', 'run_make_biased_set']

MAKE_BIASED_SET_HELP = 'choose images by their attributes: biased training sets, and test sets apart from them'


def add_make_biased_set(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument('spec', help='groups by role: a .py or .json file, such as those in configs/_base_/biased_sets')
    parser.add_argument(
        '--table', required=True, metavar='FILE', help='CSV file path,<attribute>..., or a list in the format of CelebA'
    )
    parser.add_argument('-o', '--out', required=True, metavar='DIR', help='folder for the manifests')
    parser.add_argument('--data-root', metavar='DIR', help='folder of the images: those chosen must be there')
    parser.add_argument('--seed', type=int, help="of the choice (default: the file's, or 0)")
    parser.add_argument(
        '--exclude',
        nargs='+',
        metavar='FILE',
        help="manifests whose images are not to be used, beside the file's",
    )
    parser.add_argument('--allow-fewer', action='store_true', help='take what there is where a group has too few')
    parser.add_argument('--overwrite', action='store_true', help='replace manifests of another set in the folder')


def run_make_biased_set(args: argparse.Namespace) -> int:
    """Writes the manifests and says how many images each group has."""
    from mmgentransfer.apis import load_biased_set, make_biased_sets

    spec = load_biased_set(args.spec)
    if args.seed is not None:
        spec['seed'] = args.seed
    spec['exclude'] = [*spec.get('exclude', ()), *(args.exclude or ())]
    options = dict(allow_fewer=args.allow_fewer, data_root=args.data_root, overwrite=args.overwrite)
    sets = make_biased_sets(args.table, args.out, **options, **spec)
    for made in sets:
        print('\n  '.join([f'{made.path}: {len(made.table)} images', *made.table.notes[1:]]))
    return 0
