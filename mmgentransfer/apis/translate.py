"""Translating files: what a folder of depth maps looks like as segmentations."""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.checkpoints import atomic_write
from mmgentransfer.datasets.image_files import EXTENSIONS, shorten
from mmgentransfer.datasets.modality_readers import (
    CROPS,
    DepthReader,
    ImageReader,
    LabelReader,
    ModalityReader,
    resize_crop,
)
from mmgentransfer.datasets.transforms import decode_image
from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.methods.mmnets.checks import check_known
from mmgentransfer.models.methods.mmnets.modalities import (
    DepthModality,
    ImageModality,
    Modality,
    SegmentationModality,
)
from mmgentransfer.registry import TRANSFORMS
from mmgentransfer.visualization import save_image
from mmgentransfer.visualization.modalities import draw_modality

__all__ = ['TranslatedFile', 'file_readers', 'translate_files']


@dataclass(frozen=True)
class TranslatedFile:
    """What was written of one sample.

    Attributes:
        name: The sample's name: its file's, without the ending.
        values: PNG file of an image or of labels, or .npy file of numbers, such as metres.
        picture: PNG file to look at; of an image the same file.
    """

    name: str
    values: Path
    picture: Path


def translate_files(
    model: AdversarialModel,
    inputs: Mapping[str, Sequence[str | os.PathLike[str]]],
    target: str,
    out: str | os.PathLike[str],
    readers: Mapping[str, ModalityReader] | None = None,
    resize: str | int | None = None,
    crop: str = 'center',
    limits: tuple[float, float] | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Iterator[TranslatedFile]:
    """Translates files with any model that has ``modalities`` and ``translate(inputs, target, **options)``.

    Values are written to ``<out>/<target>/<name>``, as an :class:`AlignedModalities` data set would read them, and
    pictures with a legend or a colour bar to ``<out>/<target>_pictures/<name>.png``. Arguments are checked at once;
    files are read, translated and written as the result is iterated over.

    Args:
        model: The translator, as :func:`init_model` gives it.
        inputs: Files and folders by modality. Of several modalities, one file each, or files of the same names.
        target: The modality to make.
        out: Folder for the results.
        readers: Of the modalities' files; by default those of :func:`file_readers`.
        resize: Size that samples are brought to: a side, 'HEIGHTxWIDTH', or 'nearest', the sides that suit the networks
            and are nearest to a sample's own. None: as they are.
        crop: What is taken of a sample that is not in proportion: 'center', 'left', or 'stretch', which takes all.
        limits: Values at the ends of the colour bar of depth or a map; by default those of each sample.
        overwrite: Whether files may be written over.
        **options: What the model's ``translate`` takes beside, such as ``via`` and ``alpha``.

    Raises:
        FileNotFoundError: An input doesn't exist.
        FileExistsError: A file would be written over.
        ValueError: The model doesn't translate or lacks a modality or an option; samples of several modalities differ
            in name or size; a size doesn't suit the networks; or a file can't be used, which is named.
    """
    modalities = _modalities_of(model)
    check_known('the translation', [*inputs, target], list(modalities))
    _check_options(model, inputs, target, options)
    if crop not in CROPS:
        raise ValueError(f'crop={crop!r} is not one of {CROPS}')
    painted = modalities[target]
    if limits is not None and (
        isinstance(painted, ImageModality | SegmentationModality) or painted.channels > 1 or not limits[0] < limits[1]
    ):
        raise ValueError(f'limits={tuple(limits)} must increase, and are for depth and maps; {target!r} is made here')
    readers = {**file_readers(model), **(readers or {})}
    multiple = getattr(model, 'input_multiple', 1)
    size = _wanted_size(resize, multiple)
    samples = _find({name: _expand(name, paths, readers[name]) for name, paths in inputs.items()})
    ending = '.png' if isinstance(painted, ImageModality | SegmentationModality) else '.npy'
    results = [_paths(Path(out), target, name, ending, isinstance(painted, ImageModality)) for name in samples]
    if not overwrite:
        written = dict.fromkeys(path for result in results for path in (result.values, result.picture))
        if existing := [str(path) for path in written if path.exists()]:
            raise FileExistsError(
                'these files are there already; choose another folder, or overwrite them (--overwrite):'
                + shorten(existing)
            )

    def run() -> Iterator[TranslatedFile]:
        # one by one: rounding differs with the number of samples and decides ties in pooling, as in even regions of
        # labels, so that a file's result would depend on the others
        for result in results:
            files = samples[result.name]
            values = {
                name: _read(path, readers[name], modalities[name], size, multiple, crop) for name, path in files.items()
            }
            try:
                pixels = model.translate(values, target, **options)
            except ValueError as error:
                raise ValueError(f'{", ".join(map(str, files.values()))}: {error}') from error
            _write(result, painted, pixels, limits)
            yield result

    return run()


def file_readers(
    model: AdversarialModel, config: Config | None = None, depth_scale: float | None = None
) -> dict[str, ModalityReader]:
    """Returns a reader for the files of each modality of a model.

    Args:
        model: The translator.
        config: Its config: modalities for which its data sets name a reader are read by that one. The others, and all
            without a config, are read as their kind says: 8-bit images; depth in millimetres (whole numbers) or metres;
            labels; maps as 8-bit images of their value range, or as arrays.
        depth_scale: Metres of the number 1 in files of depth, in place of what else would hold.

    Raises:
        ValueError: The model doesn't translate, ``depth_scale`` is not positive, or a reader can't be built.
    """
    modalities = _modalities_of(model)
    readers = {name: _default_reader(name, modality, depth_scale) for name, modality in modalities.items()}
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for name, reader in _named_readers((config or {}).get(loader)).items():
            if name in modalities and not (depth_scale is not None and isinstance(modalities[name], DepthModality)):
                with DefaultScope.overwrite_default_scope('mmgentransfer'):
                    readers[name] = TRANSFORMS.build(dict(reader))
    return readers


def _modalities_of(model: AdversarialModel) -> Mapping[str, Modality]:
    if not hasattr(model, 'translate') or not hasattr(model, 'modalities'):
        raise ValueError(f'a {type(model).__name__} does not translate between modalities')
    return model.modalities


def _check_options(model: AdversarialModel, inputs: Mapping[str, Any], target: str, options: Mapping[str, Any]) -> None:
    try:
        inspect.signature(model.translate).bind(inputs, target, **options)
    except TypeError as error:
        raise ValueError(f'a {type(model).__name__} can not do this translation: {error}') from None


# ------------------------------------------------------------------------------------------------------------ reading


def _named_readers(node: Any) -> dict[str, Mapping]:
    """Returns the readers by modality that a data set's config names, that of a wrapped data set included."""
    if not isinstance(node, Mapping):
        return {}
    found = node.get('modalities')
    if isinstance(found, Mapping):
        return {name: reader for name, reader in found.items() if isinstance(reader, Mapping) and 'type' in reader}
    return {name: reader for part in node.values() for name, reader in _named_readers(part).items()}


def _default_reader(name: str, modality: Modality, depth_scale: float | None) -> ModalityReader:
    if isinstance(modality, DepthModality):
        return DepthReader(depth_scale)
    if isinstance(modality, SegmentationModality):
        return LabelReader(modality.num_classes)
    if isinstance(modality, ImageModality):
        return ImageReader(modality.channels)
    return _RangeReader(name, modality.channels, modality.value_range)


class _RangeReader(ModalityReader):
    """Reads 8-bit images, whose ends stand for those of a range, and arrays (.npy), which are taken as they are."""

    extensions = ('.npy', *EXTENSIONS)

    def __init__(self, name: str, channels: int, value_range: tuple[float, float]) -> None:
        super().__init__(name)
        self.channels = channels
        self.value_range = value_range

    def decode(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Returns float32 (H, W) or (H, W, C)."""
        if Path(path).suffix.lower() == '.npy':
            values = np.load(path, allow_pickle=False)
            if values.dtype.kind != 'f' or not np.isfinite(values).all():
                raise ValueError(f'finite floats are needed, not {values.dtype} with gaps or whole numbers')
            return values.astype(np.float32)
        if self.channels not in (1, 3):
            raise ValueError(f'{self.channels} channels are read from arrays (.npy) alone')
        low, high = self.value_range
        return decode_image(path, self.channels).astype(np.float32) * ((high - low) / 255) + low


def _wanted_size(resize: str | int | None, multiple: int) -> tuple[int, int] | str | None:
    if resize is None or resize == 'nearest':
        return resize
    sides = str(resize).lower().split('x')
    if len(sides) > 2 or not all(side.isdigit() and int(side) for side in sides):
        raise ValueError(f"resize={resize!r} must be a side, 'HEIGHTxWIDTH' or 'nearest'")
    size = (int(sides[0]), int(sides[-1]))
    if any(side % multiple for side in size):
        raise ValueError(f'resize={resize!r}: the networks take sides that are multiples of {multiple}')
    return size


def _expand(source: str, paths: Sequence[str | os.PathLike[str]], reader: ModalityReader) -> dict[str, Path]:
    """Returns the files of a source by name; those in a folder have names relative to it."""
    found: dict[str, Path] = {}
    for given in map(Path, paths):
        path = given.expanduser()
        if path.is_dir():
            files = [file for file in sorted(path.rglob('*')) if _is_readable(file.relative_to(path), reader)]
            if not files:
                raise ValueError(f'{given} has no file for {source!r}, that ends with {", ".join(reader.extensions)}')
        elif path.is_file():
            files = [path]
        else:
            raise FileNotFoundError(f'the input {str(given)!r} for {source!r} does not exist')
        for file in files:
            name = (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix('').as_posix()
            if name in found:
                raise ValueError(f'{found[name]} and {file} would both be {name!r} in the results: do one at a time')
            found[name] = file
    if not found:
        raise ValueError(f'there is no input for {source!r}')
    return found


def _is_readable(path: Path, reader: ModalityReader) -> bool:
    return path.suffix.lower() in reader.extensions and not any(part.startswith('.') for part in path.parts)


def _find(files: Mapping[str, Mapping[str, Path]]) -> dict[str, dict[str, Path]]:
    """Puts the files of several sources together: {sample: {source: file}}, named as the first source's."""
    if not files:
        raise ValueError('a translation needs at least one input')
    first = next(iter(files.values()))
    if all(len(found) == 1 for found in files.values()):
        return {next(iter(first)): {source: next(iter(found.values())) for source, found in files.items()}}
    lacking = [
        f'{source}: {name}'
        for name in dict.fromkeys(name for found in files.values() for name in found)
        for source, found in files.items()
        if name not in found
    ]
    if lacking:
        raise ValueError(f'files of one sample must have one name in all folders; missing are{shorten(lacking)}')
    return {name: {source: found[name] for source, found in files.items()} for name in first}


def _read(
    path: Path, reader: ModalityReader, modality: Modality, size: tuple[int, int] | str | None, multiple: int, crop: str
) -> np.ndarray:
    """Returns one file's values, (H, W) or (H, W, C) as the modality's pixels are."""
    try:
        values = reader.decode(path)
    except (ValueError, OSError) as error:
        raise ValueError(f'{path} can not be used: {error}') from error
    height, width = values.shape[:2]
    if size is not None:
        if size == 'nearest':
            size = tuple(max(1, round(side / multiple)) * multiple for side in (height, width))
        values = resize_crop(values, size, crop, reader.smooth)
    elif height % multiple or width % multiple:
        raise ValueError(
            f'{path} is {height} x {width}; the networks take sides that are multiples of {multiple}: give a size to '
            f"resize to, or 'nearest'"
        )
    # a copy where the decoder's memory can't be written to, which tensors must not share
    return np.require(values, requirements='W').reshape(*values.shape[:2], *modality.pixel_shape)


# ------------------------------------------------------------------------------------------------------------ writing


def _paths(out: Path, target: str, name: str, ending: str, is_image: bool) -> TranslatedFile:
    values = out / target / f'{name}{ending}'
    return TranslatedFile(name, values, values if is_image else out / f'{target}_pictures' / f'{name}.png')


def _write(result: TranslatedFile, modality: Modality, pixels: np.ndarray, limits: tuple[float, float] | None) -> None:
    if result.values.suffix == '.npy':
        buffer = io.BytesIO()
        np.save(buffer, pixels)
        atomic_write(result.values, buffer.getvalue())
    elif pixels.ndim == 3:
        save_image(result.values, pixels)
    else:  # grey images and labels keep their numbers
        atomic_write(result.values, cv2.imencode('.png', pixels)[1].tobytes())
    if result.picture != result.values:
        save_image(result.picture, draw_modality(modality, pixels, limits))
