"""The command ``mmgentransfer select-source``: its arguments and its handler."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ['SELECT_SOURCE_HELP', 'add_select_source', 'run_select_source']

SELECT_SOURCE_HELP = 'rank pre-trained models for a target data set'


def add_select_source(parser: argparse.ArgumentParser, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds the command's arguments to its parser; ``add_options`` adds those that all commands with a config have."""
    parser.add_argument('config', help='config of the adaptation: its training images are the target')
    parser.add_argument(
        '--source', nargs='+', action='append', required=True, metavar=('NAME CHECKPOINT', 'CONFIG'),
        help="a candidate, one option for each: a name, a .pth file or a run's folder, and the config if the file has "
        'none in it',
    )  # fmt: skip
    parser.add_argument('--extractor', help="one of the config's val_evaluator.extractors (default: the only one)")
    parser.add_argument('-n', '--num', type=int, default=10000, help='generated images of each (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the noise (default: %(default)s)')
    parser.add_argument(
        '--batch-statistics', action='store_true', help='batch norms use the statistics of the generated batch'
    )
    parser.add_argument(
        '--criterion', choices=('gen_to_target', 'real_to_target'), default='gen_to_target',
        help="what ranks: FID of generated, or of the sources' own images, to the target (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        '--source-data', action='store_true', help="read the sources' own images too: real_to_target and gen_to_own"
    )
    parser.add_argument(
        '--after', nargs='+', metavar='NAME=FID', help='FID after adaptation, to see how good the choice was'
    )
    parser.add_argument('-o', '--out', help='JSON file for the result')
    parser.add_argument('--train', action='store_true', help='then run the config, from the chosen source')
    parser.add_argument('--work-dir', help='folder of that run (default: work_dirs/<folder>/<name> of the config)')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')
    add_options(parser)


def run_select_source(args: argparse.Namespace) -> int:
    """Ranks, prints, and with ``--train`` adapts from the choice."""
    for given in args.source:
        if not 2 <= len(given) <= 3:
            raise ValueError(f'--source takes a name, a checkpoint and perhaps a config; got {given}')
    sources = {given[0]: given for given in args.source}
    if len(sources) < len(args.source):
        raise ValueError(f'two --source have one name: {[given[0] for given in args.source]}')
    if args.seed < 0:
        raise ValueError(f'--seed must be at least 0, got {args.seed}')
    after = _scores(args.after or [])

    import json

    from mmgentransfer.apis import SourceModel, load_config, select_source, start_from, train
    from mmgentransfer.checkpoints import atomic_write

    models = {name: SourceModel(*given) for name, given in sources.items()}
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    if args.train:
        start_from(cfg, next(iter(models.values())))  # a config that can't be adapted is an error before the ranking
    ranking = select_source(
        cfg,
        list(models.values()),
        extractor=args.extractor,
        num_images=args.num,
        seed=args.seed,
        batch_statistics=args.batch_statistics,
        criterion=args.criterion,
        source_data=args.source_data,
        after=after,
        device=args.device,
    )
    print(ranking)
    if args.out:
        atomic_write(args.out, json.dumps(ranking.as_dict(), indent=1).encode())
    if args.train:
        adapted = start_from(cfg, models[ranking.choice])
        for name, value in train(adapted).items():
            print(f'{name}  {value:.4f}')
        print(f'everything is in {adapted.work_dir}')
    return 0


def _scores(items: list[str]) -> dict[str, float]:
    scores = {}
    for item in items:
        name, sign, value = item.rpartition('=')
        try:
            scores[name] = float(value)
        except ValueError:
            sign = ''
        if not (sign and name):
            raise ValueError(f'--after takes NAME=FID, got {item!r}')
    return scores
