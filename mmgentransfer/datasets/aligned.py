"""Aligned modalities, and sets of them that hide some."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..checkpoints import atomic_write
from ..registry import DATASETS, suggest

__all__ = ['AlignedDataset', 'DisjointSets']


class AlignedDataset(Dataset):
    """Samples that show the same thing in several modalities.

    A subclass defines ``load(indices, modalities)``, which reads nothing but the modalities that are asked for. Images
    are uint8 (N, C, H, W), labels uint8 (N, H, W) with 255 to ignore, depth float32 (N, 1, H, W) in metres.

    Samples may have a class each. It is no modality that a model could translate, but is there for metrics: items then
    have ``labels``, int64 () or (N,), beside the modalities. :meth:`load`, by which training sets are dealt out, gives
    none.

    Args:
        modalities: Names of the modalities.
        num_samples: Number of samples.
        groups: Number of the group of each sample, e.g. its video; None: each is a group of its own. Sets that hide
            modalities from each other share no group.
        labels: The class of each sample, int64 (N,); None: they have none.

    Raises:
        ValueError: There are labels, and a modality of this name.
    """

    def __init__(
        self,
        modalities: list[str],
        num_samples: int,
        groups: np.ndarray | None = None,
        labels: Tensor | None = None,
    ) -> None:
        if labels is not None and 'labels' in modalities:
            raise ValueError("dataset.modalities: 'labels' is what the classes of the samples are called; rename it")
        self.labels = labels
        self.modalities = modalities
        self.num_samples = num_samples
        self.groups = np.arange(num_samples) if groups is None else groups

    def __len__(self) -> int:
        return self.num_samples

    def load(self, indices: Sequence[int], modalities: Sequence[str]) -> dict[str, Tensor]:
        """Returns the samples' tensors by modality."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: value[0] for name, value in self.__getitems__([index]).items()}

    def __getitems__(self, indices: list[int]) -> dict[str, Tensor]:
        batch = self.load(indices, self.modalities)
        return batch if self.labels is None else {**batch, 'labels': self.labels[torch.as_tensor(indices)]}


@DATASETS.register_module()
class DisjointSets(Dataset):
    """Deals the samples of an aligned data set out to sets that hide modalities from each other (thesis section 4.6.1).

    Whole groups are dealt out, in a random order, so that no scene is in two sets. What a set hides is not even loaded:
    a batch of ``RS`` has no depth. An item holds one sample of each set, ``{'RS': {...}, 'RD': {...}}``; a set that is
    shorter than the longest starts again from its beginning.

    Args:
        dataset: Config of the aligned data set.
        sets: The modalities of each set, by its name.
        fractions: Share of the groups that each set gets, by its name; equal shares by default.
        seed: Of the dealing.
        split_file: JSON file with the numbers of each set's samples: read if it exists, else written.
        allow_overlap: Whether every set holds all samples, for methods that may see every pair.

    Raises:
        ValueError: A set names a modality that the data don't have, fractions don't fit, a set gets no group, or the
            split file belongs to other data or shares a group between sets.
    """

    def __init__(
        self,
        dataset: dict[str, Any] | AlignedDataset,
        sets: Mapping[str, Sequence[str]],
        fractions: Mapping[str, float] | None = None,
        seed: int = 0,
        split_file: str | None = None,
        allow_overlap: bool = False,
    ) -> None:
        self.dataset: AlignedDataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        # by name: the order of a dict does not survive MMEngine's dump of a config
        self.sets = {name: list(sets[name]) for name in sorted(sets)}
        for name, modalities in self.sets.items():
            for modality in modalities:
                if modality not in self.dataset.modalities:
                    raise ValueError(
                        f'dataset.sets.{name} names {modality!r}; the data have {self.dataset.modalities}.'
                        f'{suggest(modality, self.dataset.modalities)}'
                    )
        shares = dict.fromkeys(self.sets, 1 / len(self.sets)) if fractions is None else dict(fractions)
        if set(shares) != set(self.sets) or min(shares.values()) <= 0 or sum(shares.values()) > 1.001:
            raise ValueError(
                f'dataset.fractions={shares} must have a positive number for each of the sets {list(self.sets)}, with '
                'a sum of at most 1'
            )
        if allow_overlap:
            self.indices = {name: np.arange(len(self.dataset)) for name in self.sets}
        elif split_file is not None and Path(split_file).is_file():
            self.indices = self._read(Path(split_file))
        else:
            self.indices = self._deal([shares[name] for name in self.sets], seed)
            if split_file is not None:
                self._write(Path(split_file))
        if not allow_overlap:
            self._check_disjoint(split_file)
        longest = max(len(index) for index in self.indices.values())
        # each set in an order of its own: samples of two sets with one number have nothing to do with each other
        self._order = {
            name: np.random.default_rng([seed, place]).permutation(index)
            for place, (name, index) in enumerate(self.indices.items())
        }
        self._length = longest

    def _deal(self, fractions: Sequence[float], seed: int) -> dict[str, np.ndarray]:
        groups = np.random.default_rng(seed).permutation(np.unique(self.dataset.groups))
        ends = np.floor(np.cumsum([0.0, *fractions]) * len(groups) + 1e-6).astype(int)
        dealt = {}
        for name, start, end in zip(self.sets, ends[:-1], ends[1:], strict=True):
            if start == end:
                raise ValueError(f'dataset.sets.{name} gets none of the {len(groups)} groups of samples')
            dealt[name] = np.flatnonzero(np.isin(self.dataset.groups, groups[start:end]))
        return dealt

    def _read(self, path: Path) -> dict[str, np.ndarray]:
        stored = json.loads(path.read_text(encoding='utf-8'))
        if set(stored) != set(self.sets):
            raise ValueError(f'dataset.split_file={str(path)!r} has the sets {sorted(stored)}, not {sorted(self.sets)}')
        indices = {name: np.asarray(stored[name], dtype=np.int64) for name in self.sets}
        for name, index in indices.items():
            if not len(index) or index.min() < 0 or index.max() >= len(self.dataset):
                raise ValueError(
                    f'dataset.split_file={str(path)!r}: the samples of {name!r} must be numbers of 0 to '
                    f'{len(self.dataset) - 1}'
                )
        return indices

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # atomically: several processes write the same file, and may read it
        atomic_write(path, json.dumps({name: index.tolist() for name, index in self.indices.items()}).encode())

    def _check_disjoint(self, split_file: str | None) -> None:
        owner: dict[int, str] = {}
        for name, index in self.indices.items():
            for group in np.unique(self.dataset.groups[index]).tolist():
                if owner.setdefault(group, name) != name:
                    where = f' (from {split_file!r})' if split_file else ''
                    raise ValueError(f'dataset.sets: {name!r} and {owner[group]!r} share the group {group}{where}')

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, dict[str, Tensor]]:
        return {
            name: {key: value[0] for key, value in part.items()} for name, part in self.__getitems__([index]).items()
        }

    def __getitems__(self, indices: list[int]) -> dict[str, dict[str, Tensor]]:
        index = np.asarray(indices)
        return {
            name: self.dataset.load(self._order[name][index % len(self._order[name])].tolist(), modalities)
            for name, modalities in self.sets.items()
        }
