"""The commands that look at a translator's classes: their arguments and their handlers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ['CLASS_TOOLS', 'add_class_tools']

Parsers = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_class_tools(command: Parsers, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds the commands.

    Args:
        command: Makes the parser of a command from its name, handler and help.
        add_options: Adds the arguments that all commands with a config have.
    """
    for name, (handler, text, add) in CLASS_TOOLS.items():
        parser = command(name, handler, text)
        parser.add_argument('config', help='config file')
        parser.add_argument('checkpoint', help='.pth file, URL, or the folder of a run (its latest checkpoint)')
        add(parser)
        parser.add_argument('--seed', type=int, default=0, help='of the codes (default: %(default)s)')
        parser.add_argument('--device', default='cpu', help='e.g. cuda (default: %(default)s)')
        add_options(parser)


def _add_inputs(parser: argparse.ArgumentParser, out: str) -> None:
    parser.add_argument('inputs', nargs='+', metavar='IN', help='image files and folders')
    parser.add_argument('-o', '--out', required=True, help=out)
    parser.add_argument(
        '--resize', type=int, metavar='SIDE', help="side that inputs are brought to (default: the training images')"
    )


def _add_class_grid(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, 'folder for the grids, one of each input')
    parser.add_argument('--redraw', action='store_true', help='a code for each class (default: one for all)')
    parser.add_argument('--columns', type=int, help='images in a row (default: about as many as rows)')


def _add_interpolation(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, 'PNG file; a row for each input')
    parser.add_argument('--from', dest='first', required=True, metavar='CLASS', help='where the path begins')
    parser.add_argument('--to', dest='last', required=True, metavar='CLASS', help='where it ends')
    parser.add_argument('--steps', type=int, default=9, help='images on it (default: %(default)s)')


def _add_adaptor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('-o', '--out', required=True, help='PNG file; a row for each generated image')
    parser.add_argument('-n', '--num', type=int, default=8, help='number of images (default: %(default)s)')
    parser.add_argument('--target', metavar='CLASS', help='of the images (default: all classes in turn)')
    parser.add_argument('--taps', type=int, nargs='+', metavar='SIDE', help='levels (default: all)')


def _add_map(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, 'PNG file; an .npz file of the same name has positions and images')
    parser.add_argument(
        '--target', nargs='+', metavar='CLASS', help='classes to translate to (default: all that the model can)'
    )
    parser.add_argument('-n', '--num', type=int, default=1280, help='outputs of each class (default: %(default)s)')
    parser.add_argument('--perplexity', type=float, default=30.0, help='of t-SNE (default: %(default)s)')
    parser.add_argument(
        '--features', choices=('pixels', 'inception'), default='pixels', help='what is compared (default: %(default)s)'
    )
    parser.add_argument('--size', type=int, default=2000, help='side of the picture (default: %(default)s)')
    parser.add_argument('--thumbnail', type=int, default=32, help='height of an image in it (default: %(default)s)')


def _model(args: argparse.Namespace) -> tuple[Any, Any]:
    from mmgentransfer.apis import init_model, load_config
    from mmgentransfer.models.domain_translator import DomainTranslator

    config = load_config(args.config, args.cfg_options)
    model = init_model(config, args.checkpoint, device=args.device)
    if not isinstance(model, DomainTranslator):
        raise ValueError(f'{args.command} is for translators between domains; a {type(model).__name__} is none')
    return config, model


def _inputs(args: argparse.Namespace, config: Any) -> dict[str, Any]:
    from mmgentransfer.apis import read_inputs, trained_size

    return read_inputs(args.inputs, args.resize or trained_size(config))


def run_class_grid(args: argparse.Namespace) -> int:
    """Draws a grid of all classes for each input."""
    import numpy as np

    from mmgentransfer.apis.class_tools import class_grid
    from mmgentransfer.visualization import save_image

    config, model = _model(args)
    images = _inputs(args, config)
    for name, image in images.items():
        (grid,) = class_grid(model, image[None], args.seed, not args.redraw, args.columns)
        path = Path(args.out) / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        save_image(path, np.ascontiguousarray(grid))
        print(path, flush=True)
    print(f'{len(images)} grids of {len(model.targets)} classes and the input: {args.out}')
    return 0


def run_interpolation(args: argparse.Namespace) -> int:
    """Draws the path between two classes for each input."""
    import numpy as np

    from mmgentransfer.apis.translate_domains import interpolate_labels
    from mmgentransfer.visualization import translation_grid

    config, model = _model(args)
    images = _inputs(args, config)
    array = np.stack(list(images.values()))
    code = None if model.code_dim is None else model.draw_codes(1, args.seed)[0].cpu()
    path = interpolate_labels(model, array, args.first, args.last, args.steps, code)
    heads = ['input', args.first, *[''] * (args.steps - 2), args.last]
    cells = np.concatenate([array[:, None], path], axis=1)
    _save(args.out, translation_grid(cells, heads, list(images)))
    return 0


def run_adaptor_samples(args: argparse.Namespace) -> int:
    """Draws images of single levels of the adaptor."""
    from mmgentransfer.apis.class_tools import adaptor_images
    from mmgentransfer.visualization import translation_grid

    _, model = _model(args)
    images = adaptor_images(model, args.num, args.target, args.seed, args.taps)
    heads = ['generated', *[f'{side}x{side}' for side in args.taps or model.taps]]
    _save(args.out, translation_grid(images, heads))
    return 0


def run_latent_map(args: argparse.Namespace) -> int:
    """Draws a map of translations, and writes its arrays."""
    import numpy as np

    from mmgentransfer.apis.class_tools import latent_map
    from mmgentransfer.visualization.scatter import scatter_images

    config, model = _model(args)
    images = np.stack(list(_inputs(args, config).values()))
    targets = args.target or list(model.targets)
    features = _inception(args.device) if args.features == 'inception' else None
    found = latent_map(model, images, targets, args.num, args.seed, features, args.perplexity)
    pairs = np.concatenate([images[found['inputs']], found['outputs']], axis=2)
    _save(args.out, scatter_images(pairs, found['positions'], args.size, args.thumbnail))
    arrays = Path(args.out).with_suffix('.npz')
    np.savez_compressed(arrays, names=np.array(targets), images=images, **found)
    print(arrays)
    return 0


def _inception(device: str) -> Callable[[Any], Any]:
    import numpy as np
    import torch

    from mmgentransfer.evaluation.extractors import InceptionFeatures

    extractor = InceptionFeatures()
    if (reason := extractor.missing()) is not None:
        raise ValueError(f'--features inception: {reason}')
    extractor.to(device).eval()

    @torch.no_grad()
    def features(images: Any) -> Any:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).movedim(-1, 1).to(device)
        return extractor(pixels)['features'].cpu().numpy()

    return features


def _save(path: str, picture: Any) -> None:
    from mmgentransfer.visualization import save_image

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_image(path, picture)
    print(path)


CLASS_TOOLS = {
    'class-grid': (run_class_grid, 'translate images to every class, in one grid each', _add_class_grid),
    'interpolate-classes': (run_interpolation, 'translate images to classes between two', _add_interpolation),
    'adaptor-samples': (run_adaptor_samples, 'images of single levels of a TransferI2I adaptor', _add_adaptor),
    'latent-map': (run_latent_map, 'place translations on a plane: PCA and t-SNE', _add_map),
}
