"""The command ``mmgentransfer import``: its arguments and its handler."""

from __future__ import annotations

import argparse
import os

__all__ = ['IMPORT_HELP', 'add_import', 'run_import']

IMPORT_HELP = "make a checkpoint of another project's networks"


def add_import(parser: argparse.ArgumentParser, calibrate_help: str) -> None:
    """Adds the arguments; ``calibrate_help`` is shared with ``sample``."""
    parser.usage = '%(prog)s [-h] [--calibrate] [--bgr] [SOURCE] FILE [FILE ...] -o OUT'  # argparse can't say this
    parser.add_argument(
        'files',
        nargs='+',
        metavar='[SOURCE] FILE',
        help='the project, which is recognised from the files if it is not given, and the files: one or several of the '
        'same model, such as generator and critic',
    )
    parser.add_argument('-o', '--out', required=True, help='.pth file to write')
    parser.add_argument('--calibrate', action='store_true', help=calibrate_help)
    parser.add_argument(
        '--bgr',
        action='store_true',
        help='the networks (ProGAN or StyleGAN) were trained on images with blue first: red and blue change places',
    )


def run_import(args: argparse.Namespace) -> int:
    """Imports the files, and prints what the checkpoint has and how to start from it."""
    from mmgentransfer.apis import import_checkpoint, known_importers

    first, files = args.files[0], args.files
    source = None
    # With one argument it is a file. The first of several is the project, unless there is a file of this name.
    if len(files) > 1 and not os.path.isfile(first) and (first in known_importers() or not os.path.splitext(first)[1]):
        source, files = first, files[1:]
    imported = import_checkpoint(source, files, args.out, args.calibrate, args.bgr)
    print(imported)
    for name in imported.networks:
        start = f"dict(type='TransferredWeights', checkpoint={args.out!r}, prefix={name!r})"
        print(f'to start a {name} from it: init_cfg={start}')
    return 0
