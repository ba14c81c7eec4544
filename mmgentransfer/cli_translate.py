"""The command ``mmgentransfer translate``: its arguments and its handler."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ['TRANSLATE_HELP', 'add_translate', 'run_translate']

TRANSLATE_HELP = 'translate files from one modality, or several, to another'


def add_translate(parser: argparse.ArgumentParser, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds the command's arguments to its parser; ``add_options`` adds those that all commands with a config have."""
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='.pth file, URL, or the folder of a run (its latest checkpoint)')
    parser.add_argument(
        'inputs', nargs='+', metavar='IN',
        help='files and folders; of several sources one file each, or one folder each with files of the same names, '
        'in the order of --source',
    )  # fmt: skip
    parser.add_argument(
        '--source', action='append', required=True, metavar='MODALITY',
        help='what the inputs are; given several times, the sources are fused',
    )  # fmt: skip
    parser.add_argument('--target', required=True, metavar='MODALITY', help='what to make')
    parser.add_argument('-o', '--out', required=True, help='folder for values and pictures')
    parser.add_argument(
        '--via', nargs='+', metavar='MODALITY', help='modalities to go through as images, in order: a cascade'
    )
    parser.add_argument('--alpha', type=float, help="weight of the sources beside the anchor (default: the model's)")
    parser.add_argument(
        '--indices-from', metavar='MODALITY', help='source whose pooling indices are used (default: the anchor)'
    )
    parser.add_argument(
        '--depth-scale', type=float, metavar='METRES',
        help="of the number 1 in files of depth (default: the config's; else 0.001 for whole numbers and 1 for others)",
    )  # fmt: skip
    parser.add_argument(
        '--resize', metavar='SIZE',
        help='bring inputs to a size: a side, HEIGHTxWIDTH, or nearest (default: sides that do not suit are an error)',
    )  # fmt: skip
    parser.add_argument(
        '--crop', choices=('center', 'left', 'stretch'), default='center',
        help='with --resize, the part that is taken of what is not in proportion (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--range', type=float, nargs=2, metavar=('LOW', 'HIGH'),
        help='values at the ends of the colour bar of depth or a map (default: those of each picture)',
    )  # fmt: skip
    parser.add_argument('--overwrite', action='store_true', help='write over files that are there')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')
    add_options(parser)


def run_translate(args: argparse.Namespace) -> int:
    """Translates the files and says where the results are."""
    if len(set(args.source)) < len(args.source):
        raise ValueError(f'--source is given several times for different modalities, got {args.source}')
    if len(args.source) > 1 and len(args.inputs) != len(args.source):
        raise ValueError(
            f'{len(args.source)} sources ({", ".join(args.source)}) need one file or folder each, got {args.inputs}'
        )
    options = dict(via=args.via, alpha=args.alpha, indices_from=args.indices_from)
    options = {key: value for key, value in options.items() if value is not None}
    if len(args.source) == 1 and (fusing := sorted({'alpha', 'indices_from'} & set(options))):
        raise ValueError(f'--{fusing[0].replace("_", "-")} is for several sources, and there is one: {args.source[0]}')

    from mmgentransfer.apis import file_readers, init_model, load_config, translate_files

    config = load_config(args.config, args.cfg_options)
    model = init_model(config, args.checkpoint, device=args.device)
    each = [args.inputs] if len(args.source) == 1 else [[given] for given in args.inputs]
    results = translate_files(
        model,
        dict(zip(args.source, each, strict=True)),
        args.target,
        args.out,
        readers=file_readers(model, config, args.depth_scale),
        resize=args.resize,
        crop=args.crop,
        limits=None if args.range is None else tuple(args.range),
        overwrite=args.overwrite,
        **options,
    )
    done = 0
    for done, result in enumerate(results, start=1):
        if done == 1:
            print(f'first: {", ".join(dict.fromkeys([str(result.values), str(result.picture)]))}', flush=True)
    print(f'{done} translated from {" and ".join(args.source)} to {args.target}: {args.out}')
    return 0
