"""The commands ``mmgentransfer export-pairs`` and ``score-pairs``: their arguments and handlers."""

from __future__ import annotations

import argparse

__all__ = [
    'EXPORT_PAIRS_HELP',
    'SCORE_PAIRS_HELP',
    'add_export_pairs',
    'add_score_pairs',
    'run_export_pairs',
    'run_score_pairs',
]

EXPORT_PAIRS_HELP = 'write pairs of images of two models for people to compare'
SCORE_PAIRS_HELP = "score people's answers about pairs of images"


def add_export_pairs(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of ``export-pairs``."""
    parser.add_argument(
        '--model', nargs='+', action='append', required=True, metavar=('NAME CHECKPOINT', 'CONFIG'),
        help="given twice: a name, a .pth file or a run's folder, and the config if the file has none in it; shares "
        'will be those of the first',
    )  # fmt: skip
    parser.add_argument('-o', '--out', required=True, help='folder for the pairs; it must not exist or be empty')
    parser.add_argument('-n', '--num', type=int, default=100, help='number of pairs (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of noise, sides and order (default: %(default)s)')
    parser.add_argument('--classes', type=int, nargs='+', metavar='LABEL', help='only these classes')
    parser.add_argument(
        '--class-names', nargs='+', metavar='NAME',
        help="names of all classes in the questions (default: the class_order of the first config's training set)",
    )  # fmt: skip
    parser.add_argument('--side', type=int, help='pixels that images are scaled to (default: as generated)')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')


def run_export_pairs(args: argparse.Namespace) -> int:
    """Draws the images and writes the folder."""
    for given in args.model:
        if not 2 <= len(given) <= 3:
            raise ValueError(f'--model takes a name, a checkpoint and perhaps a config; got {given}')
    if len({given[0] for given in args.model}) != 2 or len(args.model) != 2:
        raise ValueError(f'--model is given twice, with two names; got {[given[0] for given in args.model]}')

    from mmgentransfer.apis import SourceModel, init_model
    from mmgentransfer.apis.preferences import export_pairs
    from mmgentransfer.apis.select_source import config_of
    from mmgentransfer.models.methods.gan import GAN

    models, class_names = {}, args.class_names
    for given in args.model:
        source = SourceModel(*given)
        config = config_of(source)
        models[source.name] = init_model(config, source.checkpoint, args.device)
        if not isinstance(models[source.name], GAN):
            raise ValueError(f'--model {source.name}: it does not generate images from noise')
        if class_names is None and models[source.name].num_classes:
            class_names = ((config.get('train_dataloader') or {}).get('dataset') or {}).get('class_order')
    out = export_pairs(models, args.out, args.num, args.seed, args.classes, class_names, args.side)
    print(f'{args.num} pairs: {out}')
    print(f'answers go into {out / "answers.csv"}; keep {out / "key.csv"} from the subjects')
    return 0


def add_score_pairs(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of ``score-pairs``."""
    parser.add_argument('folders', nargs='+', metavar='FOLDER', help='what export-pairs wrote: one folder a setting')
    parser.add_argument(
        '--valid', type=int, default=100, help='subjects with fewer valid answers are named (default: %(default)s)'
    )
    parser.add_argument('-o', '--out', help='JSON file for the result')


def run_score_pairs(args: argparse.Namespace) -> int:
    """Scores each folder's answers and prints the tables."""
    import json
    from pathlib import Path

    from mmgentransfer.apis.preferences import score_pairs
    from mmgentransfer.checkpoints import atomic_write

    scores = {
        folder: score_pairs(Path(folder) / 'key.csv', Path(folder) / 'answers.csv', args.valid)
        for folder in args.folders
    }
    print(
        '\n\n'.join(f'{folder}: {score.model_a} against {score.model_b}\n\n{score}' for folder, score in scores.items())
    )
    if args.out:
        result = {folder: score.as_dict() for folder, score in scores.items()}
        atomic_write(args.out, json.dumps(result, indent=1).encode())
    return 0
