"""The command ``mmgentransfer translate``: its arguments and its handler."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmengine.config import Config

    from mmgentransfer.models.domain_translator import DomainTranslator
    from mmgentransfer.models.game import AdversarialModel

__all__ = ['COMPARE_HELP', 'TRANSLATE_HELP', 'add_compare', 'add_translate', 'run_compare', 'run_translate']

TRANSLATE_HELP = 'translate files from one modality, or several, to another, or images to a domain or its attributes'
# what is given for one kind of models only
MODALITY_OPTIONS = ('via', 'alpha', 'indices_from', 'depth_scale', 'range')
DOMAIN_OPTIONS = ('num_samples', 'seed', 'path', 'steps', 'all_targets', 'attention', 'style_from', 'labels')
STEPS = 9
COMPARE_HELP = 'draw what several models make of the same images, side by side'


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
        '--source', action='append', metavar='MODALITY',
        help='what the inputs are; given several times, the sources are fused; of domains only where a model needs it; '
        'an attribute that the inputs have, one option each, or none for none of them',
    )  # fmt: skip
    parser.add_argument(
        '--target', action='append', metavar='MODALITY',
        help='what to make; given several times, the attributes that are set, or, where it is said which the inputs '
        'have, those that are changed',
    )  # fmt: skip
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
    _add_sampling(parser)
    parser.add_argument(
        '--path', type=int, nargs=2, metavar='SEED',
        help='of domains: outputs with codes on the way from the code of one seed to that of another',
    )  # fmt: skip
    parser.add_argument('--steps', type=int, metavar='K', help=f'outputs on the --path (default: {STEPS})')
    parser.add_argument(
        '--all-targets', action='store_true', help='of domains all, of attributes each changed: a grid for each input'
    )
    _add_labels(parser)
    parser.add_argument('--attention', action='store_true', help='of domains: where the model attends to, in the grids')
    parser.add_argument(
        '--style-from', nargs='+', metavar='FILE', help='of domains: images of the target whose styles are taken'
    )
    parser.add_argument('--overwrite', action='store_true', help='write over files that are there')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')
    add_options(parser)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--num-samples', type=int, metavar='K', help='of domains: outputs of each input (default: 1)')
    parser.add_argument('--seed', type=int, help='of domains: of the codes, by which outputs differ (default: 0)')


def _add_labels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--labels', metavar='TABLE',
        help='which attributes each input has: a CSV file with a column path, or a list in the format of CelebA',
    )  # fmt: skip


def run_translate(args: argparse.Namespace) -> int:
    """Translates the files and says where the results are."""
    _check_translate(args)

    from mmgentransfer.apis import init_model, load_config
    from mmgentransfer.models.domain_translator import DomainTranslator

    config = load_config(args.config, args.cfg_options)
    model = init_model(config, args.checkpoint, device=args.device)
    own = DOMAIN_OPTIONS if isinstance(model, DomainTranslator) else MODALITY_OPTIONS
    for option in [*DOMAIN_OPTIONS, *MODALITY_OPTIONS]:
        if option not in own and getattr(args, option) not in (None, False):
            kind = 'modalities' if own is DOMAIN_OPTIONS else 'domains'
            raise ValueError(
                f'--{option.replace("_", "-")} is for translating between {kind}, and {args.config} has a '
                f'{type(model).__name__}'
            )
    return (_translate_domains if own is DOMAIN_OPTIONS else _translate_modalities)(args, config, model)


def _check_translate(args: argparse.Namespace) -> None:
    sources = args.source or []
    if len(set(sources)) < len(sources):
        raise ValueError(f'--source is given several times for different modalities or attributes, got {sources}')
    if len(sources) == 1 and (fusing := [key for key in ('alpha', 'indices_from') if getattr(args, key) is not None]):
        raise ValueError(f'--{fusing[0].replace("_", "-")} is for several sources, and there is one: {sources[0]}')
    if args.all_targets == bool(args.target):
        raise ValueError('--target says what to make, or --all-targets that all are made: give one of them')
    if args.steps is not None and args.path is None:
        raise ValueError('--steps counts the outputs on a --path: give its two seeds, too')
    for option in ('path', 'style_from'):
        if getattr(args, option) and (args.num_samples is not None or args.seed is not None):
            raise ValueError(f'--{option.replace("_", "-")} gives the codes: leave --num-samples and --seed out')
    if args.path and args.style_from:
        raise ValueError('--path and --style-from both give the codes: leave one out')


def _translate_modalities(args: argparse.Namespace, config: Config, model: AdversarialModel) -> int:
    from mmgentransfer.apis import file_readers, translate_files

    if not args.source:
        raise ValueError(f'--source is needed: what the inputs are, for a {type(model).__name__}')
    if len(args.source) > 1 and len(args.inputs) != len(args.source):
        raise ValueError(
            f'{len(args.source)} sources ({", ".join(args.source)}) need one file or folder each, got {args.inputs}'
        )
    if len(args.target) > 1:
        raise ValueError(f'a translation between modalities has one --target, got {args.target}')
    target = args.target[0]
    options = dict(via=args.via, alpha=args.alpha, indices_from=args.indices_from)
    each = [args.inputs] if len(args.source) == 1 else [[given] for given in args.inputs]
    results = translate_files(
        model,
        dict(zip(args.source, each, strict=True)),
        target,
        args.out,
        readers=file_readers(model, config, args.depth_scale),
        resize=args.resize,
        crop=args.crop,
        limits=None if args.range is None else tuple(args.range),
        overwrite=args.overwrite,
        **{key: value for key, value in options.items() if value is not None},
    )
    done = 0
    for done, result in enumerate(results, start=1):
        if done == 1:
            print(f'first: {", ".join(dict.fromkeys([str(result.values), str(result.picture)]))}', flush=True)
    print(f'{done} translated from {" and ".join(args.source)} to {target}: {args.out}')
    return 0


def _translate_domains(args: argparse.Namespace, config: Config, model: DomainTranslator) -> int:
    import numpy as np

    from mmgentransfer.apis import read_inputs, translate_images

    size = _size(args.resize, config)
    images = read_inputs(args.inputs, size, args.crop)
    labels, options = _labels(args, images, [model]), {}
    if args.all_targets and not model.exclusive and labels is None:
        raise ValueError(
            '--all-targets changes the attributes of each image one by one: say which it has, by --source ATTRIBUTE '
            '(one option each; none for none of them) or by --labels TABLE'
        )
    if args.source and model.needs_sources:
        options['sources'] = _only(args.source, '--source of domains')
    if args.style_from:
        side = size or next(iter(images.values())).shape[:2]
        options['style_from'] = np.stack(list(read_inputs(args.style_from, side, args.crop).values()))
    targets = list(model.targets) if args.all_targets else [_target(model, args.target)]
    grids = translate_images(
        model,
        images,
        targets,
        args.out,
        num_samples=_num_samples(args),
        seed=args.seed or 0,
        attention=args.attention,
        rows='targets' if args.all_targets else 'inputs',
        overwrite=args.overwrite,
        labels=labels,
        path=None if args.path is None else tuple(args.path),
        **options,
    )
    print(f'{len(images)} translated to {", ".join(map(str, targets))}: {args.out}, with the grid {grids[0]}')
    return 0


def _num_samples(args: argparse.Namespace) -> int:
    if args.path is not None:
        return STEPS if args.steps is None else args.steps
    return 1 if args.num_samples is None else args.num_samples


def _labels(
    args: argparse.Namespace, names: Iterable[str], models: Sequence[DomainTranslator]
) -> Mapping[str, Sequence[str] | Mapping[str, int]] | None:
    """Returns the attributes of each input as ``--source`` or ``--labels`` say them; None if there are none to say."""
    if args.source and args.labels:
        raise ValueError('--source says what all inputs are, and --labels what each is: give one of them')
    if all(model.exclusive for model in models):
        kinds = ' and '.join(dict.fromkeys(type(model).__name__ for model in models))
        if args.labels:
            raise ValueError(f'--labels is about attributes, and the domains of this {kinds} exclude each other')
        if args.source and not any(model.needs_sources for model in models):
            raise ValueError(f'this {kinds} needs no word on what its inputs are: leave --source out')
        return None
    if args.labels:
        from mmgentransfer.apis import read_labels

        return read_labels(args.labels, list(names), list(dict.fromkeys(n for model in models for n in model.domains)))
    if args.source:
        return dict.fromkeys(names, [] if args.source == ['none'] else args.source)
    return None


def _target(model: DomainTranslator, names: Sequence[str]) -> str | list[str]:
    return names[0] if model.exclusive and len(names) == 1 else list(names)


def _only(given: Sequence[str], what: str) -> str:
    if len(given) > 1:
        raise ValueError(f'{what} is one, got {list(given)}')
    return given[0]


def _size(resize: str | None, config: Config) -> int | tuple[int, int] | None:
    """Returns the size that images are brought to: the one asked for, or that of the config's training images."""
    from mmgentransfer.apis import trained_size

    if resize is None:
        return trained_size(config)
    sides = resize.lower().split('x')
    if len(sides) > 2 or not all(side.isdigit() and int(side) for side in sides):
        raise ValueError(f'--resize {resize} must be a side or HEIGHTxWIDTH')
    return int(sides[0]), int(sides[-1])


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of ``mmgentransfer compare-translations`` to its parser."""
    parser.add_argument('inputs', nargs='+', metavar='IN', help='image files and folders')
    parser.add_argument(
        '--run', action='append', required=True, metavar='NAME=CONFIG:CHECKPOINT',
        help='a model, one option for each: the columns, in this order',
    )  # fmt: skip
    parser.add_argument('--target', action='append', required=True, metavar='DOMAIN', help='as for translate')
    parser.add_argument('--source', action='append', metavar='DOMAIN', help='what the inputs are, as for translate')
    _add_labels(parser)
    parser.add_argument('-o', '--out', required=True, metavar='PNG', help='file for the grid')
    _add_sampling(parser)
    parser.add_argument('--attention', action='store_true', help='where each model attends to, of those that have it')
    parser.add_argument('--resize', metavar='SIZE', help="as for translate (default: that of the first run's images)")
    parser.add_argument('--crop', choices=('center', 'left', 'stretch'), default='center', help='as for translate')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')


def run_compare(args: argparse.Namespace) -> int:
    """Draws the grid."""
    runs = {}
    for item in args.run:
        name, _, rest = item.partition('=')
        config, _, checkpoint = rest.partition(':')
        if not (name and config and checkpoint):
            raise ValueError(f'--run takes NAME=CONFIG:CHECKPOINT, got {item!r}')
        if name in runs:
            raise ValueError(f'two --run have the name {name!r}')
        runs[name] = (config, checkpoint)

    from mmgentransfer.apis import compare_translations, init_model, load_config, read_inputs
    from mmgentransfer.models.domain_translator import DomainTranslator
    from mmgentransfer.visualization import save_image

    configs = {name: load_config(config) for name, (config, _) in runs.items()}
    models = {name: init_model(configs[name], runs[name][1], device=args.device) for name in runs}
    for name, model in models.items():
        if not isinstance(model, DomainTranslator):
            raise ValueError(f'--run {name}: a {type(model).__name__} does not translate images between domains')
    images = read_inputs(args.inputs, _size(args.resize, next(iter(configs.values()))), args.crop)
    labels = _labels(args, images, list(models.values()))
    needing = [name for name, model in models.items() if model.needs_sources]
    source = _only(args.source, '--source of domains') if args.source and needing else None
    picture = compare_translations(
        models,
        images,
        _target(next(iter(models.values())), args.target),
        num_samples=1 if args.num_samples is None else args.num_samples,
        seed=args.seed or 0,
        options={name: dict(sources=source) for name in needing},
        labels=labels,
        attention=args.attention,
    )
    save_image(args.out, picture)
    print(f'{len(images)} images by {", ".join(models)}: {args.out}')
    return 0
