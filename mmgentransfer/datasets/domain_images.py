"""Any images with known domains or attributes, as scores of translators need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..registry import suggest
from .collate import stack_batch
from .reference_images import ReferenceImages
from .unpaired import UnpairedDomains

__all__ = ['DomainImages']

_KEYS = ('images', 'masks')


class DomainImages(Dataset):
    """The images of a labelled data set, or those of :class:`UnpairedDomains` one domain after the other.

    Labels are matched with a model's domains by the classes' names, where the data set has names.

    Args:
        dataset: Its items have ``images`` and may have ``masks``; it has ``labels`` (N,) or (N, C) or is an
            ``UnpairedDomains``, and may have ``attributes``, a value for each image by attribute.
        domains: Names of the C domains or attributes of a model.
        exclusive: Whether an image has one of them.
        key: The loader's name in the config, for messages.

    Attributes:
        own: What each image is, float32 (N, C): one-hot, or 0 and 1 for attributes.
        attributes: Values of the images by attribute, (N,) each.

    Raises:
        ValueError: The data set has no labels, or others than the domains.
    """

    def __init__(self, dataset: Dataset, domains: Sequence[str], exclusive: bool, key: str = 'val_dataloader') -> None:
        if isinstance(dataset, ReferenceImages):
            dataset = dataset.dataset  # each image once
        if isinstance(dataset, UnpairedDomains):
            if missing := [name for name in domains if name not in dataset.modalities]:
                raise ValueError(
                    f"{key}.dataset has the domains {dataset.modalities}; the model's {missing} are not among them"
                )
            parts = [dataset.images_of(name) for name in domains]
            place = np.repeat(np.arange(len(domains)), [len(rows) for _, rows in parts])
            self.own = torch.nn.functional.one_hot(torch.from_numpy(place), len(domains)).float()
        else:
            parts = [(dataset, np.arange(len(dataset)))]
            self.own = _own_domains(dataset, list(domains), exclusive, key)
        self._datasets = [part for part, _ in parts]
        self._part = np.repeat(np.arange(len(parts)), [len(rows) for _, rows in parts])
        self._row = np.concatenate([rows for _, rows in parts])
        self.attributes = _attributes(parts)

    def __len__(self) -> int:
        return len(self._row)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Returns ``images`` (N, C, H, W), and ``masks`` (N, 1, H, W) where there are any."""
        index = np.asarray(indices)
        batch: dict[str, Tensor] = {}
        for part in np.unique(self._part[index]):
            chosen = np.flatnonzero(self._part[index] == part)
            dataset, rows = self._datasets[part], self._row[index[chosen]].tolist()
            items = dataset.__getitems__(rows) if hasattr(dataset, '__getitems__') else [dataset[i] for i in rows]
            for key, value in stack_batch(items).items():
                if key in _KEYS:
                    whole = batch.setdefault(key, value.new_empty(len(index), *value.shape[1:]))
                    whole[torch.from_numpy(chosen)] = value
        return batch

    def batches(self, rows: np.ndarray, batch_size: int = 100, num_workers: int = 0) -> Iterator[dict[str, Tensor]]:
        """Yields the items at ``rows``, in this order."""
        yield from DataLoader(
            self,
            batch_size=batch_size,
            sampler=rows.tolist(),
            collate_fn=stack_batch,
            num_workers=num_workers,
            generator=torch.Generator(),  # else a loader takes a global random number
        )

    def fetch(self, rows: np.ndarray, num_workers: int = 0) -> dict[str, Tensor]:
        """Returns the items at ``rows`` as one batch."""
        parts = list(self.batches(rows, num_workers=num_workers))
        return {key: torch.cat([part[key] for part in parts]) for key in (parts[0] if parts else ())}


def _own_domains(dataset: Dataset, domains: list[str], exclusive: bool, key: str) -> Tensor:
    labels = getattr(dataset, 'labels', None)
    if labels is None:
        raise ValueError(
            f'{key}.dataset, a {type(dataset).__name__}, has no labels: which domain an image has must be known, e.g. '
            'by labelled=..., or by an UnpairedDomains'
        )
    labels, num = torch.as_tensor(labels), len(domains)
    if labels.shape[1:] != (() if exclusive else (num,)):
        raise ValueError(
            f'{key}.dataset has labels of the shape {tuple(labels.shape)}; '
            f'{"domains that exclude each other" if exclusive else f"the {num} attributes {domains}"} need '
            f'{"(N,)" if exclusive else f"(N, {num})"}'
        )
    classes = [str(name) for name in getattr(dataset, 'classes', ())]
    for name in classes:
        if name not in domains:
            raise ValueError(
                f'{key}.dataset has the class {name!r}, which is none of model.domains={domains}.'
                f'{suggest(name, domains)}'
            )
    if not exclusive:
        return (labels[:, [classes.index(name) for name in domains]] if classes else labels).float()
    if classes:
        labels = torch.tensor([domains.index(name) for name in classes])[labels]
    elif len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < num:
        raise ValueError(f'{key}.dataset has the label {int(labels.max())}, but model.domains has {num} names')
    return torch.nn.functional.one_hot(labels, num).float()


def _attributes(parts: Sequence[tuple[Dataset, np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns those attributes that all parts have."""
    found: list[Mapping[str, np.ndarray]] = [getattr(dataset, 'attributes', None) or {} for dataset, _ in parts]
    common = [name for name in found[0] if all(name in each for each in found)]
    return {
        name: np.concatenate([np.asarray(each[name])[rows] for each, (_, rows) in zip(found, parts, strict=True)])
        for name in common
    }
