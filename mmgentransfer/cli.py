"""The console command ``mmgentransfer``: thin over :mod:`mmgentransfer.apis`.

Heavy imports are inside the handlers, so that ``--help`` and a wrong argument are answered at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from mmgentransfer.cli_check_data import CHECK_DATA_HELP, add_check_data, run_check_data
from mmgentransfer.cli_choose_reduction import CHOOSE_REDUCTION_HELP, add_choose_reduction, run_choose_reduction
from mmgentransfer.cli_class_tools import add_class_tools
from mmgentransfer.cli_errors import message_of, plain_warnings, status_of
from mmgentransfer.cli_import import IMPORT_HELP, add_import, run_import
from mmgentransfer.cli_make_biased_set import MAKE_BIASED_SET_HELP, add_make_biased_set, run_make_biased_set
from mmgentransfer.cli_preferences import (
    EXPORT_PAIRS_HELP,
    SCORE_PAIRS_HELP,
    add_export_pairs,
    add_score_pairs,
    run_export_pairs,
    run_score_pairs,
)
from mmgentransfer.cli_select_source import SELECT_SOURCE_HELP, add_select_source, run_select_source
from mmgentransfer.cli_translate import (
    COMPARE_HELP,
    TRANSLATE_HELP,
    add_compare,
    add_translate,
    run_compare,
    run_translate,
)
from mmgentransfer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmengine.config import Config

__all__ = ['main', 'parse_options']

CALIBRATE_HELP = 'estimate the running statistics of batch norms anew'
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def parse_options(items: Sequence[str]) -> dict[str, Any]:
    """Parses ``KEY=VALUE`` strings as MMEngine does: numbers, booleans, None, and lists of them are recognised.

    Raises:
        ValueError: An item is not of that form.
    """
    from mmengine.config import DictAction

    for item in items:
        if '=' not in item:
            raise ValueError(f'{item!r} is not of the form KEY=VALUE')
    namespace = argparse.Namespace()
    try:
        DictAction([], 'options', nargs='+')(argparse.ArgumentParser(), namespace, list(items))
    except RecursionError:  # what MMEngine's parser makes of a dict inside a list
        raise ValueError(f'{" ".join(items)!r} nests too deeply for an option; write it into a config file') from None
    return namespace.options


class _KeyValues(argparse.Action):
    """Collects ``KEY=VALUE ...``, also when the option is given several times; see :func:`parse_options`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        try:
            options = parse_options(values)
        except ValueError as error:
            parser.error(f'argument {option_string}: {error}')
        setattr(namespace, self.dest, {**(getattr(namespace, self.dest) or {}), **options})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='mmgentransfer', description='Transfer learning for image generation with few images.'
    )
    parser.add_argument('--version', action='version', version=f'%(prog)s {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)

    train = _command(commands, 'train', _train, 'run an experiment: all its stages, and its scores')
    train.add_argument('config', help='config file')
    train.add_argument('--work-dir', help='folder of the run (default: work_dirs/<folder>/<name> of the config)')
    train.add_argument('--resume', action='store_true', help='go on from the latest checkpoint in the folder')
    train.add_argument('--amp', action='store_true', help='mixed precision')
    train.add_argument('--test', action='store_true', help='run the test loop on the final weights, too')
    train.add_argument('--dry-run', action='store_true', help='check everything, show the networks, and stop')
    _add_options(train)
    _add_launcher(train)

    test = _command(commands, 'test', _test, 'score a checkpoint')
    test.add_argument('config', help='config file')
    test.add_argument('checkpoint', help='.pth file, URL, or the folder of a run (its latest checkpoint)')
    test.add_argument('--work-dir', help='folder for the log (default: test/ beside the checkpoint)')
    _add_options(test)
    _add_launcher(test)

    sample = _command(commands, 'sample', _sample, 'draw images from a trained generator')
    sample.add_argument('config', help='config file')
    sample.add_argument('checkpoint', help='.pth file, URL, or the folder of a run (its latest checkpoint)')
    sample.add_argument('-o', '--out', required=True, help='PNG file for the grid')
    sample.add_argument('-n', '--num', type=int, default=64, help='number of images (default: %(default)s)')
    sample.add_argument('--seed', type=int, default=0, help='of the noise (default: %(default)s)')
    sample.add_argument('--columns', type=int, default=8, help='images in a row (default: %(default)s)')
    sample.add_argument(
        '--which', choices=('ema', 'live'), default='ema', help='moving averages, if there are, or the trained weights'
    )
    sample.add_argument(
        '--batch-statistics', action='store_true', help='batch norms use the statistics of the generated batch'
    )
    sample.add_argument('--calibrate', action='store_true', help=CALIBRATE_HELP)
    sample.add_argument(
        '--labels', type=int, nargs='+', metavar='LABEL',
        help='classes of a model with classes, repeated to the number of images (default: all in turn)',
    )  # fmt: skip
    sample.add_argument('--generator', type=int, metavar='I', help='of a MineGAN of several: only this one, from 0 on')
    sample.add_argument('--no-miner', action='store_true', help="of a MineGAN: images of the source's own noise")
    sample.add_argument('--npz', help='file for the images as an array: uint8 (N, H, W, C) named images, and labels')
    sample.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')
    _add_options(sample)

    add_translate(_command(commands, 'translate', run_translate, TRANSLATE_HELP), _add_options)
    add_compare(_command(commands, 'compare-translations', run_compare, COMPARE_HELP))
    add_import(_command(commands, 'import', run_import, IMPORT_HELP), CALIBRATE_HELP)
    add_select_source(_command(commands, 'select-source', run_select_source, SELECT_SOURCE_HELP), _add_options)
    add_export_pairs(_command(commands, 'export-pairs', run_export_pairs, EXPORT_PAIRS_HELP))
    add_score_pairs(_command(commands, 'score-pairs', run_score_pairs, SCORE_PAIRS_HELP))
    add_choose_reduction(_command(commands, 'choose-reduction', run_choose_reduction, CHOOSE_REDUCTION_HELP))
    add_make_biased_set(_command(commands, 'make-biased-set', run_make_biased_set, MAKE_BIASED_SET_HELP))
    add_class_tools(partial(_command, commands), _add_options)

    add_check_data(_command(commands, 'check-data', run_check_data, CHECK_DATA_HELP), _add_options)

    sweep = _command(commands, 'sweep', _sweep, 'run the rows and seeds of a sweep file and tabulate their scores')
    sweep.add_argument('file', help='sweep file')
    sweep.add_argument('--work-dir', help='folder of the sweep (default: work_dirs/<folder>/<name> of the file)')
    sweep.add_argument('--jobs', type=int, default=1, help='runs at a time (default: %(default)s)')
    sweep.add_argument('--seeds', type=int, nargs='+', help="seeds in place of the file's")
    sweep.add_argument('--rows', nargs='+', metavar='NAME', help='only these rows')
    sweep.add_argument(
        '--variables',
        nargs='+',
        action=_KeyValues,
        metavar='NAME=VALUE',
        help="in place of the file's variables",
    )
    sweep.add_argument('--rescore', action='store_true', help='score runs again of which only the metrics changed')
    sweep.add_argument('--dry-run', action='store_true', help='check everything, list the runs, stop')
    _add_options(sweep)

    quickstart = _command(commands, 'quickstart', _quickstart, 'transfer a GAN of digits to a new digit, four ways')
    quickstart.add_argument('--target', type=int, default=9, help='digit to transfer to (default: %(default)s)')
    quickstart.add_argument('--images', type=int, default=100, help='training images of it (default: %(default)s)')
    quickstart.add_argument('--seed', type=int, default=0, help='(default: %(default)s)')
    quickstart.add_argument(
        '--manifold', choices=('off', 'on'), default='off',
        help='off: the source GAN has never seen the target digit; on: it has seen all ten (default: %(default)s)',
    )  # fmt: skip
    quickstart.add_argument('--work-dir', default='work_dirs/quickstart', help='(default: %(default)s)')
    return parser


def _command(
    commands: Any, name: str, handler: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
    parser.set_defaults(handler=handler)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--cfg-options', nargs='+', action=_KeyValues, metavar='KEY=VALUE',
        help='values in place of the config\'s, e.g. train_cfg.max_iters=100 "model.stages.0.train=[critic]"',
    )  # fmt: skip


def _add_launcher(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='what started the processes')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0, help=argparse.SUPPRESS)


# ---------------------------------------------------------------------------------------------------------- handlers


def _train(args: argparse.Namespace) -> int:
    from mmgentransfer.apis import dry_run, load_config, train

    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    if args.dry_run:
        print(dry_run(cfg))
        return 0
    metrics = train(cfg, resume=args.resume, amp=args.amp, launcher=args.launcher, test=args.test)
    if _is_main():
        _print_scores(metrics)
        print(f'everything is in {cfg.work_dir}')
    return 0


def _test(args: argparse.Namespace) -> int:
    from pathlib import Path

    from mmgentransfer.apis import evaluate, load_config
    from mmgentransfer.checkpoints import resolve_checkpoint

    checkpoint = resolve_checkpoint(args.checkpoint)
    work_dir = args.work_dir
    if work_dir is None and Path(checkpoint).is_file():
        work_dir = Path(checkpoint).parent / 'test'  # not the run's own folder: its metrics.jsonl is about training
    cfg: Config = load_config(args.config, args.cfg_options, work_dir)
    metrics = evaluate(cfg, checkpoint, launcher=args.launcher)
    if _is_main():
        _print_scores(metrics)
    return 0


def _sample(args: argparse.Namespace) -> int:
    if args.num < 1 or args.columns < 1:
        raise ValueError(f'-n and --columns must be at least 1, got {args.num} and {args.columns}')
    if args.seed < 0:
        raise ValueError(f'--seed must be at least 0, got {args.seed}')
    if args.calibrate and args.batch_statistics:
        raise ValueError('--calibrate is about running statistics, which --batch-statistics does not use: give one')
    import io

    import numpy as np

    from mmgentransfer.apis import init_model, load_config
    from mmgentransfer.checkpoints import atomic_write
    from mmgentransfer.visualization import make_grid, save_image

    model = init_model(load_config(args.config, args.cfg_options), args.checkpoint, device=args.device)
    if not hasattr(model, 'sample'):
        raise ValueError(f'{args.config}: a {type(model).__name__} does not generate images from noise')
    if args.calibrate:
        model.calibrate_batch_norms(which=args.which)
    given = None if args.labels is None else np.resize(args.labels, args.num)
    labels = model.check_labels(given, args.num)
    mining = {}
    if args.generator is not None or args.no_miner:
        if not hasattr(model, 'miners'):
            raise ValueError(f'{args.config}: --generator and --no-miner are for a MineGAN, not {type(model).__name__}')
        mining = dict(generator_index=args.generator, use_miner=not args.no_miner)
    images = model.sample(
        args.num, seed=args.seed, which=args.which, batch_statistics=args.batch_statistics, labels=labels, **mining
    )
    save_image(args.out, make_grid(images, args.columns))
    written = [args.out]
    if args.npz:
        buffer = io.BytesIO()
        classes = {} if labels is None else dict(labels=labels.cpu().numpy())
        np.savez_compressed(buffer, images=images, **classes)
        atomic_write(args.npz, buffer.getvalue())
        written.append(args.npz)
    print(f'{args.num} images of {images.shape[1]}x{images.shape[2]} pixels: {", ".join(written)}')
    return 0


def _sweep(args: argparse.Namespace) -> int:
    from mmgentransfer.apis import plan_sweep, run_sweep

    settings = dict(
        work_dir=args.work_dir,
        seeds=args.seeds,
        options=args.cfg_options,
        rows=args.rows,
        variables=args.variables,
        rescore=args.rescore,
    )
    if args.dry_run:
        print(plan_sweep(args.file, **settings))
        return 0
    with _terminable():
        rows = run_sweep(args.file, jobs=args.jobs, **settings)
    return 1 if any(row['failed'] for row in rows) else 0


def _quickstart(args: argparse.Namespace) -> int:
    from mmgentransfer.apis import run_quickstart

    with _terminable():
        rows = run_quickstart(args.target, args.images, args.seed, args.manifold == 'on', args.work_dir)
    return 1 if any(row['failed'] for row in rows) else 0


@contextmanager
def _terminable() -> Iterator[None]:
    """Makes SIGTERM act as Ctrl-C does, so that the runs which were started don't outlive this process."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_scores(metrics: dict[str, float]) -> None:
    if not metrics:
        return
    width = max(len(name) for name in metrics)
    print('\n'.join(f'{name.ljust(width)}  {value:10.4f}' for name, value in metrics.items()))


def _rank() -> int:
    return int(os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0')))


def _is_main() -> bool:
    from mmengine.dist import is_main_process

    return is_main_process()


# -------------------------------------------------------------------------------------------------------------- main


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit status: 0; 1 if a loss became non-finite or a run of a sweep failed; 2 if the input is wrong; 130 after
        an interruption. With ``MMGENTRANSFER_DEBUG=1`` errors are raised instead of printed.
    """
    args = _parser().parse_args(argv)
    try:
        with plain_warnings():
            status = args.handler(args)
    except KeyboardInterrupt:
        _say(_how_to_go_on(args))
        return 130
    except Exception as error:
        status = status_of(error)
        if status is None or os.environ.get('MMGENTRANSFER_DEBUG') == '1':
            raise
        _say(f'error: {message_of(error)}', everywhere=isinstance(error, (FloatingPointError, OSError)))
        return status
    _leave_group()
    return status


def _how_to_go_on(args: argparse.Namespace) -> str:
    if args.command == 'train' and not args.dry_run:
        return 'interrupted; the same command with --resume goes on from the latest checkpoint'
    if args.command in ('sweep', 'quickstart'):
        return 'interrupted; the same command goes on from where it was'
    return 'interrupted'


def _say(text: str, everywhere: bool = False) -> None:
    """Prints on stderr, once for all processes of a run unless it may concern this one alone."""
    if _rank() == 0:
        print(text, file=sys.stderr)
    elif everywhere:
        print(f'{text} (process {_rank()})', file=sys.stderr)


def _leave_group() -> None:
    distributed = sys.modules.get('torch.distributed')
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == '__main__':
    sys.exit(main())
