"""Aligned modalities in folders."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..registry import DATASETS, TRANSFORMS, suggest
from .aligned import AlignedDataset
from .image_files import find_folder, list_images, shorten
from .modality_readers import CROPS, ModalityReader

__all__ = ['AlignedModalities', 'FileReport', 'SeparateSets']


@dataclass
class FileReport:
    """What :meth:`AlignedModalities.inspect` found: what is wrong, and what there is, line by line."""

    problems: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


@DATASETS.register_module()
class AlignedModalities(AlignedDataset):
    """Folders of files that show the same samples in several modalities.

    A sample has one file in each modality's folder, ``<data_root>/<modality>/<sample>.<ending>``; ``<sample>`` may have
    folders in it. Samples are sorted by name.

    Args:
        data_root: The folder.
        image_size: Side of the samples, or (height, width).
        modalities: Config of each modality's reader by name: ``dict(rgb=dict(type='ImageReader'),
            depth=dict(type='DepthReader'))``.
        split: A part of the samples: those in the file ``<data_root>/<split>.txt``, one name a line, if there is one,
            or else those in ``<data_root>/<modality>/<split>/``.
        crop: What is taken if a file's sides are not in proportion to ``image_size``: 'center', 'left', or 'stretch',
            which takes all; see :func:`~mmgentransfer.datasets.modality_readers.resize_crop`.
        group_pattern: Regular expression that finds a sample's group in its name, e.g. ``r'^.*/'`` for its folder; the
            group is the pattern's first group, or all that it matches. None: each sample is a group of its own.
        group_file: File below ``data_root`` with a sample's name and its group on each line, instead.
        class_order: Names of classes, label 0 first: items then have ``labels``. A sample's class is the first
            folder in its name.
        class_file: File below ``data_root`` with a sample's name and its class on each line, instead of the folders.
        cache: 'none' decodes a file when it is asked for; 'ram' decodes each once and keeps it at ``image_size``.
        check: With ``cache='none'``: 'decode' decodes each file once at the start, to find unusable ones; 'none' leaves
            that to ``mmgentransfer check-data``.

    Attributes:
        readers: The reader of each modality.
        samples: Names of the samples.

    Raises:
        OSError: A folder or a file is missing.
        ValueError: Modalities have different samples, files can't be used, or an argument is wrong.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        image_size: int | Sequence[int],
        modalities: Mapping[str, dict[str, Any]],
        split: str | None = None,
        crop: str = 'center',
        group_pattern: str | None = None,
        group_file: str | None = None,
        class_order: Sequence[str] | None = None,
        class_file: str | None = None,
        cache: str = 'none',
        check: str = 'decode',
    ) -> None:
        self.image_size = _checked_size(image_size)
        for key, value, words in (
            ('crop', crop, CROPS),
            ('cache', cache, ('ram', 'none')),
            ('check', check, ('decode', 'none')),
        ):
            if value not in words:
                raise ValueError(f'dataset.{key}={value!r} is not one of {words}')
        if not modalities:
            raise ValueError('dataset.modalities is empty: name at least one modality and its reader')
        if group_pattern is not None and group_file is not None:
            raise ValueError('dataset.group_pattern and dataset.group_file exclude each other')
        if class_file is not None and class_order is None:
            raise ValueError(f'dataset.class_file={class_file!r} needs dataset.class_order, which numbers the classes')
        self.root = find_folder(data_root, 'dataset.data_root')
        self.crop = crop
        self.readers = {name: _build_reader(name, cfg) for name, cfg in modalities.items()}
        samples, files = self._find(split)
        # arrays of bytes instead of lists of strings: worker processes then share them and do not copy them
        self.samples = np.array(samples)
        self._files = {name: np.array([os.fsencode(file) for file in listed]) for name, listed in files.items()}
        super().__init__(
            list(modalities),
            len(samples),
            self._groups(samples, group_pattern, group_file),
            None if class_order is None else self._labels(samples, list(class_order), class_file),
        )
        self._cached: dict[str, Tensor] = {}
        if cache == 'ram':
            for name, reader in self.readers.items():
                kept = torch.from_numpy(np.empty((len(self), *reader.shape(self.image_size)), reader.dtype))
                self._read_each(name, kept.numpy())
                self._cached[name] = kept
        elif check == 'decode':
            for name in self.readers:
                self._read_each(name, None)

    # ------------------------------------------------------------------ finding

    def _find(self, split: str | None) -> tuple[list[str], dict[str, list[str]]]:
        """Returns the samples' names and each modality's files, relative to ``data_root``, in the same order."""
        listing = None if split is None else self.root / f'{split}.txt'
        listed = listing is not None and listing.is_file()
        found = {name: self._list(name, reader, None if listed else split) for name, reader in self.readers.items()}
        if listed:
            samples = _read_lines(listing)
            problems = [f'{name}: {sample}' for name in found for sample in samples if sample not in found[name]]
            if problems:
                raise FileNotFoundError(
                    f'{listing} (dataset.split) names {len(samples)} samples; {len(problems)} files of theirs are '
                    f'missing in {self.root}:{shorten(problems)}'
                )
        else:
            everywhere = set.union(*(set(files) for files in found.values()))
            samples = sorted(everywhere)
            counts = {name: len(files) for name, files in found.items()}
            problems = [f'{name}: {sample}' for name in found for sample in samples if sample not in found[name]]
            if problems:
                raise ValueError(
                    f'dataset.modalities: files of {len(problems)} samples are missing in {self.root}, where the files '
                    f'number {counts}; a sample has the same name in every modality:{shorten(problems)}'
                )
        return samples, {name: [files[sample] for sample in samples] for name, files in found.items()}

    def _list(self, name: str, reader: ModalityReader, split: str | None) -> dict[str, str]:
        """Returns the files of a modality, relative to ``data_root``, by sample."""
        inside = reader.folder or name
        base = find_folder(self.root / inside, f'dataset.modalities.{name}.folder')
        if split is not None:
            if not (base / split).is_dir():
                known = sorted(
                    [e.name for e in base.iterdir() if e.is_dir()] + [e.stem for e in self.root.glob('*.txt')]
                )
                raise FileNotFoundError(
                    f'dataset.split={split!r}: there is neither {split}.txt in {self.root} nor a folder {split} in '
                    f'{base}; there are {known or "no parts: set dataset.split=None"}.{suggest(split, known)}'
                )
            base, inside = base / split, f'{inside}/{split}'
        by_sample: dict[str, str] = {}
        for file in list_images(base, reader.extensions, f'dataset.modalities.{name}'):
            sample = os.path.splitext(file)[0]
            if sample in by_sample:
                other = by_sample[sample].removeprefix(f'{inside}/')
                raise ValueError(f'{base}: {other} and {file} are one sample: remove one of them')
            by_sample[sample] = f'{inside}/{file}'
        return by_sample

    def _groups(self, samples: Sequence[str], pattern: str | None, file: str | None) -> np.ndarray | None:
        if pattern is None and file is None:
            return None
        groups = self._named(samples, 'group', pattern, file)
        # numbered in the order of the samples, so that the numbers are the same on every machine
        numbers = {group: i for i, group in enumerate(dict.fromkeys(groups))}
        return np.array([numbers[group] for group in groups])

    def _labels(self, samples: Sequence[str], classes: list[str], file: str | None) -> Tensor:
        if not classes or len(set(classes)) < len(classes):
            raise ValueError(f'dataset.class_order={classes} must name at least one class, and each only once')
        numbers = {name: label for label, name in enumerate(classes)}
        named = self._named(samples, 'class', r'^[^/]+(?=/)', file)
        if unknown := [f'{s}: {name!r}' for s, name in zip(samples, named, strict=True) if name not in numbers]:
            raise ValueError(
                f'dataset.class_order={classes} lacks the class of {len(unknown)} samples:{shorten(unknown)}'
            )
        return torch.tensor([numbers[name] for name in named])

    def _named(self, samples: Sequence[str], what: str, pattern: str | None, file: str | None) -> list[str]:
        """Returns each sample's group or class, which a file lists or else a pattern finds in the sample's name."""
        if file is not None:
            lines = _read_lines(find_file(self.root / file, f'dataset.{what}_file'))
            pairs = [line.rsplit(maxsplit=1) for line in lines]
            if broken := [' '.join(pair) for pair in pairs if len(pair) != 2]:
                raise ValueError(
                    f'dataset.{what}_file={file!r} needs a sample and a {what} on each line:{shorten(broken)}'
                )
            listed = dict(pairs)
            found = [listed.get(sample) for sample in samples]
        else:
            matches = [re.search(pattern, sample) for sample in samples]
            found = [match and (match.group(1) if match.re.groups else match.group()) for match in matches]
        if lost := [sample for sample, name in zip(samples, found, strict=True) if name is None]:
            key = f'{what}_pattern={pattern!r}' if file is None else f'{what}_file={file!r}'
            key = 'class_order (the first folder)' if (what, file) == ('class', None) else key
            raise ValueError(f'dataset.{key} gives {len(lost)} samples no {what}:{shorten(lost)}')
        return found

    # ------------------------------------------------------------------ reading

    def path(self, index: int, modality: str) -> str:
        """Returns the path of a sample's file."""
        return os.path.join(self.root, os.fsdecode(self._files[modality][index]))

    def load(self, indices: Sequence[int], modalities: Sequence[str]) -> dict[str, Tensor]:
        """Reads samples, and of them nothing but ``modalities``.

        Returns:
            By modality, what its reader gives, (N, ...) at ``image_size``.

        Raises:
            ValueError: A file can't be used; the message names it.
        """
        batch = {}
        for name in modalities:
            if name in self._cached:
                batch[name] = self._cached[name][torch.as_tensor(indices)]
                continue
            reader = self.readers[name]
            rows = np.empty((len(indices), *reader.shape(self.image_size)), reader.dtype)
            for row, index in enumerate(indices):
                path = self.path(index, name)
                try:
                    rows[row] = reader.read(path, self.image_size, self.crop)
                except ValueError as error:
                    raise ValueError(f'{path} can not be used: {error}') from error
            batch[name] = torch.from_numpy(rows)
        return batch

    def _read_each(self, modality: str, out: np.ndarray | None) -> None:
        reader = self.readers[modality]

        def read(index: int) -> str | None:
            path = self.path(index, modality)
            try:
                values = reader.read(path, self.image_size, self.crop)
            except ValueError as error:
                return f'{path}: {error}'
            if out is not None:
                out[index] = values
            return None

        if bad := [text for text in _in_threads(read, len(self)) if text]:
            raise ValueError(
                f'{len(bad)} of {len(self)} files of the modality {modality!r} can not be used; repair, replace or '
                f'remove them:{shorten(bad)}'
            )

    def inspect(self) -> FileReport:
        """Decodes every file and looks for what training would not notice.

        That is: files that can't be used; a sample whose modalities differ in their proportions and can't be aligned;
        files of an unusual size; values in a doubtful unit.
        """
        num_groups, shapes = len(np.unique(self.groups)), {}
        grouped = f' in {num_groups} group{"s" if num_groups > 1 else ""}' if num_groups < len(self) else ''
        report = FileReport([], [f'{len(self)} samples{grouped}'])
        for name, reader in self.readers.items():

            def look(index: int, name: str = name, reader: ModalityReader = reader) -> tuple[Any, Any, str | None]:
                path = self.path(index, name)
                try:
                    values = reader.decode(path)
                except ValueError as error:
                    return None, None, f'{path}: {error}'
                doubt = reader.doubt(values)
                return values.shape[:2], reader.summary(values), doubt and f'{path}: {doubt}'

            looked = _in_threads(look, len(self))
            report.problems += [text for _, _, text in looked if text]
            shapes[name] = [shape for shape, _, _ in looked]
            report.facts.append(
                _describe(name, self._files[name], shapes[name], [ends for _, ends, _ in looked if ends])
            )
        for index, sizes in enumerate(zip(*shapes.values(), strict=True)):
            known = {name: size for name, size in zip(shapes, sizes, strict=True) if size}
            ratios = [width / height for height, width in known.values()]
            if ratios and max(ratios) > 1.01 * min(ratios):
                text = ', '.join(f'{name} {height}x{width}' for name, (height, width) in known.items())
                report.problems.append(f'{self.samples[index]}: its modalities are not aligned: {text}')
        return report


@DATASETS.register_module()
class SeparateSets(Dataset):
    """Sets of aligned samples that come from different places: colour with labels here, colour with thermal there.

    An item holds one sample of each set, ``{'RS': {...}, 'RT': {...}}``, as of
    :class:`~mmgentransfer.datasets.DisjointSets`; a shorter set starts again from its beginning.

    Args:
        sets: Config of each set's aligned data set by the set's name.
        seed: Of the order in which each set's samples are put together with the others'.

    Attributes:
        sets: The modalities of each set.

    Raises:
        ValueError: There are no sets.
    """

    def __init__(self, sets: Mapping[str, dict[str, Any] | AlignedDataset], seed: int = 0) -> None:
        if not sets:
            raise ValueError('dataset.sets is empty: name at least one set of aligned samples')
        self.datasets: dict[str, AlignedDataset] = {
            name: DATASETS.build(cfg) if isinstance(cfg, dict) else cfg for name, cfg in sets.items()
        }
        self.sets = {name: list(dataset.modalities) for name, dataset in self.datasets.items()}
        self._order = {
            name: np.random.default_rng([seed, place]).permutation(len(dataset))
            for place, (name, dataset) in enumerate(self.datasets.items())
        }

    def __len__(self) -> int:
        return max(map(len, self._order.values()))

    def __getitem__(self, index: int) -> dict[str, dict[str, Tensor]]:
        return {
            name: {key: value[0] for key, value in part.items()} for name, part in self.__getitems__([index]).items()
        }

    def __getitems__(self, indices: list[int]) -> dict[str, dict[str, Tensor]]:
        index = np.asarray(indices)
        return {
            name: dataset.load(self._order[name][index % len(dataset)].tolist(), self.sets[name])
            for name, dataset in self.datasets.items()
        }


def find_file(path: Path, key: str) -> Path:
    """Returns ``path`` if it is a file.

    Raises:
        FileNotFoundError: It is not; the message names ``key``, the config key that it comes from.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{key}: there is no file {path}')
    return path


def _checked_size(image_size: int | Sequence[int]) -> tuple[int, int]:
    sides = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ValueError(f'dataset.image_size={image_size!r} must be a positive number or (height, width)')
    return sides


def _build_reader(name: str, cfg: dict[str, Any]) -> ModalityReader:
    reader = TRANSFORMS.build(dict(cfg))
    if not isinstance(reader, ModalityReader):
        raise ValueError(
            f'dataset.modalities.{name}.type={cfg["type"]!r} is no reader of a modality: use ImageReader, DepthReader, '
            'LabelReader, MapReader, OpponentReader or a subclass of ModalityReader'
        )
    return reader


def _read_lines(file: Path) -> list[str]:
    """Returns the lines of a file that are not blank; each must be there once."""
    lines = [line.strip() for line in file.read_text(encoding='utf-8').splitlines() if line.strip()]
    if not lines:
        raise ValueError(f'{file} is empty: it needs a name of a sample on each line')
    if twice := [line for line, count in Counter(lines).items() if count > 1]:
        raise ValueError(f'{file} names {len(twice)} samples more than once:{shorten(twice)}')
    return sorted(lines)


def _describe(
    name: str, files: np.ndarray, shapes: Sequence[tuple[int, int] | None], ends: Sequence[tuple[float, float]]
) -> str:
    """Returns a modality's sizes, with the file's name if it is the only one of its size, and range of values."""
    sizes = Counter(shape for shape in shapes if shape).most_common()
    shown = []
    for (height, width), count in [*sizes[:1], *sizes[:-4:-1][: len(sizes) - 1]]:
        which = os.fsdecode(files[list(shapes).index((height, width))]) if count == 1 else f'{count} files'
        shown.append(f'{height}x{width} ({which})')
    more = f' and {len(sizes) - len(shown)} other sizes' if len(sizes) > len(shown) else ''
    values = f'; values {min(low for low, _ in ends):.4g} to {max(high for _, high in ends):.4g}' if ends else ''
    return f'{name}: {", ".join(shown) or "no usable file"}{more}{values}'


def _in_threads(function: Callable[[int], Any], num: int) -> list[Any]:
    """Calls a function for 0 to ``num - 1`` in threads, a few jobs a thread, and returns the results in order."""
    threads = min(32, os.cpu_count() or 1)
    jobs = np.array_split(np.arange(num), min(num, 16 * threads))
    with ThreadPoolExecutor(threads) as pool:
        return [result for part in pool.map(lambda job: [function(i) for i in job.tolist()], jobs) for result in part]
