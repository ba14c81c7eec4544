"""Translating image files between domains, pictures of several outputs, and paths between codes and between labels."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmgentransfer.datasets.image_files import EXTENSIONS, shorten
from mmgentransfer.datasets.modality_readers import CROPS, resize_crop
from mmgentransfer.datasets.transforms import decode_image
from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.models.methods.gan import along
from mmgentransfer.visualization import save_image, translation_grid

__all__ = [
    'blend_with_input',
    'compare_translations',
    'interpolate_codes',
    'interpolate_labels',
    'read_inputs',
    'trained_size',
    'translate_images',
]

BATCH = 16


# ------------------------------------------------------------------------------------------------------------ reading


def trained_size(config: Mapping[str, Any]) -> int | None:
    """Returns the side of what a config's model is trained on, or None if it names none.

    It is ``random_crop`` of ``model.data_preprocessor`` or, without one, ``image_size`` of the training images.
    """

    def find(node: Any) -> int | None:
        if not isinstance(node, Mapping):
            return None
        if isinstance(node.get('image_size'), int):
            return node['image_size']
        return next((size for part in node.values() if (size := find(part)) is not None), None)

    crop = ((config.get('model') or {}).get('data_preprocessor') or {}).get('random_crop')
    return crop or find((config.get('train_dataloader') or {}).get('dataset'))


def read_inputs(
    inputs: Sequence[str | os.PathLike[str]], size: int | tuple[int, int] | None = None, crop: str = 'center'
) -> dict[str, np.ndarray]:
    """Reads image files, RGB, and those in folders.

    Args:
        inputs: Files and folders.
        size: What they are brought to: a side or (height, width); None: as they are.
        crop: What is taken of an image that is not in proportion: 'center', 'left', or 'stretch' for all of it.

    Returns:
        uint8 (H, W, 3) by the file's name without its ending, relative to the folder that was given.

    Raises:
        FileNotFoundError: An input doesn't exist.
        ValueError: A folder has no image, two files have one name, a file can't be read, or sizes differ.
    """
    if crop not in CROPS:
        raise ValueError(f'crop={crop!r} is not one of {CROPS}')
    size = (size, size) if isinstance(size, int) else size
    found: dict[str, Path] = {}
    for given in inputs:
        path = Path(given).expanduser()
        files = [path]
        if path.is_dir():
            files = [file for file in sorted(path.rglob('*')) if _is_image(file.relative_to(path))]
            if not files:
                raise ValueError(f'{given} has no image, that is no file that ends with {", ".join(EXTENSIONS)}')
        elif not path.is_file():
            raise FileNotFoundError(f'the input {str(given)!r} does not exist')
        for file in files:
            name = (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix('').as_posix()
            if name in found:
                raise ValueError(f'{found[name]} and {file} would both be {name!r} in the results: do one at a time')
            found[name] = file
    images = {}
    for name, file in found.items():
        try:
            image = decode_image(file, 3)
        except (ValueError, OSError) as error:
            raise ValueError(f'{file} can not be used: {error}') from error
        images[name] = image if size is None else resize_crop(image, size, crop, True)
    if len({image.shape for image in images.values()}) > 1:
        shapes = {str(found[name]): image.shape[:2] for name, image in images.items()}
        raise ValueError(f'images of one grid have one size; give one to resize to (--resize). They have {shapes}')
    return images


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS and not any(part.startswith('.') for part in path.parts)


# -------------------------------------------------------------------------------------------------------- translating


def translate_images(
    model: DomainTranslator,
    images: Mapping[str, np.ndarray],
    targets: Sequence[Target],
    out: str | os.PathLike[str],
    num_samples: int = 1,
    seed: int = 0,
    style_from: np.ndarray | None = None,
    attention: bool = False,
    rows: str = 'inputs',
    overwrite: bool = False,
    **options: Any,
) -> list[Path]:
    """Writes translations of images, ``<out>/<target>/<name>_<k>.png``, and grids of them.

    With ``rows='inputs'`` there is a grid for each target, ``<out>/<target>.png``: a row has an input and its outputs.
    With ``rows='targets'`` there is one for each input, ``<out>/grids/<name>.png``: a row has the input and its outputs
    for a target. In a column all outputs have the same code.

    Args:
        model: The translator.
        images: uint8 (H, W, 3) by name.
        targets: What to translate to, as :meth:`DomainTranslator.translate` takes it.
        out: Folder for the results.
        num_samples: Outputs K of each input; a model without codes makes one.
        seed: Of the codes.
        style_from: In place of ``num_samples`` and ``seed``, uint8 (K, H, W, 3): images whose styles are taken.
        attention: Whether grids end with where the model attends to, over the input.
        rows: 'inputs' or 'targets'.
        overwrite: Whether files may be written over.
        **options: What the model's ``translate`` takes beside.

    Returns:
        The grids' files.

    Raises:
        FileExistsError: A file would be written over.
        ValueError: The model has no attention, can't do the translation, or takes no such images.
    """
    if rows not in ('inputs', 'targets'):
        raise ValueError(f"rows={rows!r} must be 'inputs' or 'targets'")
    if attention and not hasattr(model, 'attention'):
        raise ValueError(f'a {type(model).__name__} has no attention to show')
    out, names, array = Path(out), list(images), np.stack(list(images.values()))
    num_samples = 1 if model.code_dim is None else num_samples
    if style_from is not None:
        num_samples, options = len(style_from), dict(options, style_from=style_from)
    labels = [_label(target) for target in targets]
    if len(set(labels)) < len(labels):
        raise ValueError(f'a target is given twice: {labels}')
    for target in targets:
        model.target_vectors(target, len(array))  # an unknown target is an error before any work
    grids = [out / f'{label}.png' for label in labels] if rows == 'inputs' else [out / f'grids/{n}.png' for n in names]
    files = [[[out / label / f'{n}_{k}.png' for k in range(num_samples)] for n in names] for label in labels]
    if not overwrite:
        wanted = [*grids, *(file for each in files for row in each for file in row)]
        if existing := [str(path) for path in wanted if path.exists()]:
            raise FileExistsError(
                'these files are there already; choose another folder, or overwrite them (--overwrite):'
                + shorten(existing)
            )
    made, maps = [], []
    for target in targets:
        parts = [array[start : start + BATCH] for start in range(0, len(array), BATCH)]
        made.append(np.concatenate([_samples(model, part, target, num_samples, seed, **options) for part in parts]))
        if attention:
            maps.append(np.concatenate([_overlay(part, model.attention(part, target)) for part in parts]))
    for row, outputs in zip(files, made, strict=True):
        for paths, samples in zip(row, outputs, strict=True):
            for path, image in zip(paths, samples, strict=True):
                save_image(path, image)
    heads = ['input', *(f'sample {k}' for k in range(num_samples)), *(['attention'] if attention else [])]
    cells = np.stack([_row(array, made[t], maps[t] if attention else None) for t in range(len(labels))])
    for index, path in enumerate(grids):
        cell = cells[index] if rows == 'inputs' else cells[:, index]
        save_image(path, translation_grid(cell, heads, names if rows == 'inputs' else labels))
    return grids


def _samples(
    model: DomainTranslator,
    images: np.ndarray,
    target: Target,
    num_samples: int,
    seed: int,
    style_from: np.ndarray | None = None,
    **options: Any,
) -> np.ndarray:
    """Returns K outputs for each image, (N, K, H, W, C), with codes drawn by ``seed`` or taken from example images."""
    if style_from is None:
        return model.translate(images, target, num_samples, seed, **options)
    if hasattr(model, 'translate_with_references'):
        return model.translate_with_references(images, style_from, target, **options)
    if 'style_from' in inspect.signature(model.translate).parameters:
        return model.translate(images, target, style_from=style_from, **options)
    raise ValueError(f'a {type(model).__name__} does not take styles from images: leave style_from out')


def _row(inputs: np.ndarray, samples: np.ndarray, attention: np.ndarray | None) -> np.ndarray:
    parts = [inputs[:, None], samples, *([] if attention is None else [attention[:, None]])]
    return np.concatenate(parts, axis=1)


def _overlay(images: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """Lays a heat map of values in [0, 1], (N, H, W), half transparent over images (N, H, W, 3)."""
    from mmgentransfer.visualization.modalities import colour_values

    heat = colour_values(np.asarray(attention).reshape(images.shape[:3]), 0.0, 1.0)
    return ((images.astype(np.uint16) + heat + 1) // 2).astype(np.uint8)


def _label(target: Target) -> str:
    if isinstance(target, str):
        return target
    if isinstance(target, Mapping):
        return '_'.join(f'{name}={int(bool(on))}' for name, on in target.items())
    return '_'.join(map(str, target))


def compare_translations(
    models: Mapping[str, DomainTranslator],
    images: Mapping[str, np.ndarray],
    target: Target,
    num_samples: int = 1,
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> np.ndarray:
    """Draws what several models make of the same images: a row has an input and each model's outputs, side by side.

    Args:
        models: The translators by name.
        images: uint8 (H, W, 3) by name.
        target: As :meth:`DomainTranslator.translate` takes it.
        num_samples: Outputs of each model for an input; a model without codes has one.
        seed: Of the codes.
        options: By model, what its ``translate`` takes beside.

    Returns:
        uint8 (height, width, 3).

    Raises:
        ValueError: A model can't do the translation; the message names it.
    """
    array = np.stack(list(images.values()))
    columns, heads = [array[:, None]], ['input']
    for name, model in models.items():
        num = 1 if model.code_dim is None else num_samples
        try:
            columns.append(model.translate(array, target, num, seed, **(options or {}).get(name, {})))
        except ValueError as error:
            raise ValueError(f'{name}: {error}') from error
        heads += [name, *[''] * (num - 1)]
    return translation_grid(np.concatenate(columns, axis=1), heads, list(images))


# ---------------------------------------------------------------------------------------------------------------- paths


def interpolate_codes(
    model: DomainTranslator,
    images: np.ndarray,
    target: Target,
    code0: Any,
    code1: Any,
    steps: int = 11,
    mode: str = 'slerp',
    **options: Any,
) -> np.ndarray:
    """Translates images with codes on the way from one to another, both of which are included.

    Args:
        model: A translator with codes.
        images: uint8 (H, W, C), or a batch (N, H, W, C).
        target: As :meth:`DomainTranslator.translate` takes it.
        code0: The first code (Z,).
        code1: The last code (Z,).
        steps: Number of codes.
        mode: 'slerp' goes along a great circle, so that codes in between are as long as codes from N(0, I) are;
            'linear' in a straight line.
        **options: What the model's ``translate`` takes beside.

    Returns:
        uint8 (N, steps, H, W, C), without N for a single image.

    Raises:
        ValueError: A code has another width than the model's, or ``steps`` or ``mode`` is wrong.
    """
    _steps(steps)
    first, last = (torch.as_tensor(np.asarray(code), dtype=torch.float32) for code in (code0, code1))
    if model.code_dim is None or first.shape != (model.code_dim,) or last.shape != first.shape:
        raise ValueError(
            f'codes of a {type(model).__name__} have the shape ({model.code_dim},), got {tuple(first.shape)} and '
            f'{tuple(last.shape)}'
            if model.code_dim is not None
            else f'a {type(model).__name__} takes no codes: an input has one output for a target'
        )
    return model.translate(images, target, codes=along(first, last, steps, mode), **options)


def interpolate_labels(
    model: DomainTranslator,
    images: np.ndarray,
    label0: Target,
    label1: Target,
    steps: int = 11,
    code: Any = None,
    **options: Any,
) -> np.ndarray:
    """Translates images to targets on the straight line between two; labels in between were never seen in training.

    Args:
        model: A translator whose networks take labels.
        images: uint8 (H, W, C), or a batch (N, H, W, C).
        label0: The first target, as :meth:`DomainTranslator.translate` takes it.
        label1: The last one.
        steps: Number of targets.
        code: The code (Z,) of all outputs; None: that of seed 0, for a model with codes.
        **options: What the model's ``translate`` takes beside.

    Returns:
        uint8 (N, steps, H, W, C), without N for a single image.
    """
    array = np.asarray(images)
    num = len(array) if array.ndim == 4 else 1
    first, last = (model.target_vectors(label, num).cpu() for label in (label0, label1))
    codes = None if code is None else np.asarray(code)[None]
    outputs = []
    for share in _steps(steps).tolist():
        made = model.translate(array, torch.lerp(first, last, share), codes=codes, **options)
        outputs.append(made if codes is None else made[..., 0, :, :, :])
    return np.stack(outputs, axis=-4)


def blend_with_input(images: np.ndarray, outputs: np.ndarray, steps: int = 11) -> np.ndarray:
    """Mixes pixels of outputs with those of their inputs, (1 - a) y + a x for a from 0 to 1: no change of style.

    Args:
        images: uint8 (..., H, W, C).
        outputs: uint8, of the same shape.
        steps: Number of mixtures, output and input included.

    Returns:
        uint8 (..., steps, H, W, C).
    """
    share = _steps(steps).reshape(-1, 1, 1, 1)
    mixed = (1 - share) * outputs[..., None, :, :, :].astype(np.float64) + share * images[..., None, :, :, :]
    return np.rint(mixed).astype(np.uint8)


def _steps(steps: int) -> np.ndarray:
    if steps < 2:
        raise ValueError(f'steps={steps} must be at least 2, the first and the last')
    return np.linspace(0, 1, steps)
