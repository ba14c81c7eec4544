"""Translating images between domains, pictures of several outputs, and paths between codes and between labels."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmgentransfer.datasets.image_files import shorten
from mmgentransfer.models.domain_translator import DomainTranslator, Target
from mmgentransfer.visualization import save_image, translation_grid
from mmgentransfer.visualization.modalities import overlay_values

__all__ = [
    'blend_with_input',
    'compare_translations',
    'interpolate_codes',
    'interpolate_labels',
    'translate_images',
]

BATCH = 16


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
    labels: Mapping[str, Target] | None = None,
    path: tuple[int, int] | None = None,
    **options: Any,
) -> list[Path]:
    """Writes translations of images, ``<out>/<target>/<name>_<k>.png``, and grids of them.

    With ``rows='inputs'`` there is a grid for each target, ``<out>/<target>.png``: a row has an input and its outputs.
    With ``rows='targets'`` there is one for each input, ``<out>/grids/<name>.png``: a row has the input and its outputs
    for a target. In a column all outputs have the same code.

    Args:
        model: The translator.
        images: uint8 (H, W, 3) by name.
        targets: What to translate to, as :meth:`DomainTranslator.translate` takes it; with ``labels`` the attribute
            that is changed in each image, or several, see :meth:`DomainTranslator.edit_vectors`.
        out: Folder for the results.
        num_samples: Outputs K of each input; a model without codes makes one.
        seed: Of the codes.
        style_from: In place of ``num_samples`` and ``seed``, uint8 (K, H, W, 3): images whose styles are taken.
        attention: Whether grids end with where the model attends to, over the input.
        rows: 'inputs' or 'targets'.
        overwrite: Whether files may be written over.
        labels: By image what it is, as :meth:`DomainTranslator.translate` takes a target: the attributes that it has,
            or 0 or 1 by attribute, where others than the model's are of no account.
        path: In place of ``seed``, two seeds: the K codes lie on the way from the code of one to that of the other.
        **options: What the model's ``translate`` takes beside.

    Returns:
        The grids' files.

    Raises:
        FileExistsError: A file would be written over.
        ValueError: The model has no attention, can't do the translation, or takes no such images.
    """
    if rows not in ('inputs', 'targets'):
        raise ValueError(f"rows={rows!r} must be 'inputs' or 'targets'")
    if attention:
        model.check_attention()
    out, names, array = Path(out), list(images), np.stack(list(images.values()))
    # what can't be done is an error before any work
    own = None if labels is None else _own(model, labels, names)
    wanted = [_wanted(model, target, own, len(array)) for target in targets]
    codes, texts = _codes(model, num_samples, seed, style_from, path)
    shown = [_label(model, target) for target in targets]
    if len(set(shown)) < len(shown):
        raise ValueError(f'a target is given twice: {shown}')
    grids = [out / f'{label}.png' for label in shown] if rows == 'inputs' else [out / f'grids/{n}.png' for n in names]
    files = [[[out / label / f'{n}_{k}.png' for k in range(len(texts))] for n in names] for label in shown]
    if not overwrite:
        every = [*grids, *(file for each in files for row in each for file in row)]
        if existing := [str(file) for file in every if file.exists()]:
            raise FileExistsError(
                'these files are there already; choose another folder, or overwrite them (--overwrite):'
                + shorten(existing)
            )
    made = []
    for target in wanted:
        parts = []
        for start in range(0, len(array), BATCH):
            part = slice(start, start + BATCH)
            given = target if isinstance(target, str) else target[part]
            parts.append(_cells(model, array[part], given, attention, **codes, **options))
        made.append(np.concatenate(parts))
    for row, outputs in zip(files, made, strict=True):
        for paths, samples in zip(row, outputs[:, : len(texts)], strict=True):
            for file, image in zip(paths, samples, strict=True):
                save_image(file, image)
    heads = ['input', *texts, *(['attention'] if attention else [])]
    cells = np.stack([np.concatenate([array[:, None], outputs], axis=1) for outputs in made])
    for index, file in enumerate(grids):
        cell = cells[index] if rows == 'inputs' else cells[:, index]
        save_image(file, translation_grid(cell, heads, names if rows == 'inputs' else shown))
    return grids


def _codes(
    model: DomainTranslator, num_samples: int, seed: int, style_from: np.ndarray | None, path: tuple[int, int] | None
) -> tuple[dict[str, Any], list[str]]:
    """Returns what ``translate`` is told of the K codes, and a text for each output."""
    if path is not None and style_from is not None:
        raise ValueError('path and style_from both give the codes: leave one out')
    if style_from is not None:
        return dict(style_from=style_from), [f'sample {k}' for k in range(len(style_from))]
    if path is not None:
        codes = model.code_path(*(model.draw_codes(1, end)[0] for end in path), num_samples)
        return dict(codes=codes), [f'seed {path[0]}', *[''] * (num_samples - 2), f'seed {path[1]}']
    num_samples = 1 if model.code_dim is None else num_samples
    return dict(num_samples=num_samples, seed=seed), [f'sample {k}' for k in range(num_samples)]


def _own(model: DomainTranslator, labels: Mapping[str, Target], names: Sequence[str]) -> Tensor:
    """Returns what images are, float (N, num_domains)."""
    rows = []
    for name in names:
        if name not in labels:
            raise ValueError(f'there are no labels of the image {name!r}')
        label = labels[name]
        if isinstance(label, Mapping):
            if missing := [domain for domain in model.domains if domain not in label]:
                raise ValueError(f'the labels of the image {name!r} do not say {missing}')
            label = {domain: label[domain] for domain in model.domains}
        rows.append(model.target_vectors(label, 1, 'label'))
    return torch.cat(rows)


def _wanted(model: DomainTranslator, target: Target, own: Tensor | None, num: int) -> str | Tensor:
    """Returns what images are translated to: a name as it is given, or vectors (num, num_domains)."""
    if own is not None:
        return model.edit_vectors(own, target)
    vectors = model.target_vectors(target, num)
    return target if isinstance(target, str) else vectors


def _cells(
    model: DomainTranslator, images: np.ndarray, target: str | Tensor, attention: bool, **options: Any
) -> np.ndarray:
    """Returns the outputs for images, uint8 (N, K, H, W, 3), with ``attention`` followed by where the model attends."""
    if not attention:
        return _samples(model, images, target, **options)
    outputs, maps = _samples(model, images, target, return_attention=True, **options)
    return np.concatenate([outputs, overlay_values(images, maps)[:, None]], axis=1)


def _samples(
    model: DomainTranslator,
    images: np.ndarray,
    target: str | Tensor,
    style_from: np.ndarray | None = None,
    **options: Any,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Returns what the model's ``translate`` does, with codes taken from example images if there are any."""
    if style_from is None:
        return model.translate(images, target, **options)
    if hasattr(model, 'translate_with_references'):
        return model.translate_with_references(images, style_from, target, **options)
    if 'style_from' in inspect.signature(model.translate).parameters:
        return model.translate(images, target, style_from=style_from, **options)
    raise ValueError(f'a {type(model).__name__} does not take styles from images: leave style_from out')


def _label(model: DomainTranslator, target: Target) -> str:
    if isinstance(target, str):
        return target
    if isinstance(target, Mapping):
        return '_'.join(f'{name}={int(bool(on))}' for name, on in target.items())
    if np.ndim(target) == 0:
        return model.domains[int(target)]
    return 'vectors' if np.ndim(target) == 2 else '_'.join(map(str, target))


def compare_translations(
    models: Mapping[str, DomainTranslator],
    images: Mapping[str, np.ndarray],
    target: Target,
    num_samples: int = 1,
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    labels: Mapping[str, Target] | None = None,
    attention: bool = False,
) -> np.ndarray:
    """Draws what several models make of the same images: a row has an input and each model's outputs, side by side.

    Args:
        models: The translators by name.
        images: uint8 (H, W, 3) by name.
        target: As :func:`translate_images` takes each.
        num_samples: Outputs of each model for an input; a model without codes has one.
        seed: Of the codes.
        options: By model, what its ``translate`` takes beside.
        labels: As for :func:`translate_images`.
        attention: Whether where a model attends to follows its outputs, laid over the input, for those that have it.

    Returns:
        uint8 (height, width, 3).

    Raises:
        ValueError: A model can't do the translation, and the message names it; or none has attention.
    """
    if attention and not any(model.has_attention for model in models.values()):
        raise ValueError(f'none of {list(models)} has attention to show')
    array = np.stack(list(images.values()))
    columns, heads = [array[:, None]], ['input']
    for name, model in models.items():
        num, shown = 1 if model.code_dim is None else num_samples, attention and model.has_attention
        given = dict((options or {}).get(name, {}), num_samples=num, seed=seed)
        try:
            own = None if labels is None else _own(model, labels, list(images))
            columns.append(_cells(model, array, _wanted(model, target, own, len(array)), shown, **given))
        except ValueError as error:
            raise ValueError(f'{name}: {error}') from error
        heads += [name, *[''] * (num - 1), *(['attention'] if shown else [])]
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
    """Translates images with codes on the way from one to another, see :meth:`DomainTranslator.interpolate_codes`."""
    return model.interpolate_codes(images, target, code0, code1, steps, mode, **options)


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
