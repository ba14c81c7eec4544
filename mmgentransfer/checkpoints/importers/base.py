"""What the importers of other projects' checkpoints have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F
from torch import Tensor

__all__ = [
    'IMPORTERS',
    'STATISTICS_NEVER_UPDATED',
    'Imported',
    'Importer',
    'TensorSource',
    'find_state_dicts',
    'register_importer',
    'spectral_tensors',
]

STATISTICS_NEVER_UPDATED = (
    "the generator's batch-norm statistics (never updated: import with --calibrate, or sample with those of the batch)"
)


@dataclass
class Imported:
    """Networks read from another project's checkpoint, and an account of what happened to its tensors.

    Args:
        networks: Config of each network, ``generator`` or ``critic``: ``type`` and the arguments that the file implies.
        state_dicts: Weights, by the same names; a moving average of the generator's is ``ema.generator``.
        copied: The source's tensors that were used, by their names there.
        unused: The source's tensors that our networks have no place for, such as the head of another loss.
        missing: What the file does not hold: networks, or tensors of a network that keep their initial value.
        source: Name of the importer that read it.
    """

    networks: dict[str, dict[str, Any]]
    state_dicts: dict[str, dict[str, Tensor]]
    copied: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    source: str = ''

    def __str__(self) -> str:
        lines = [f'source: {self.source}'] if self.source else []
        for name, config in self.networks.items():
            arguments = ', '.join(f'{key}={value!r}' for key, value in config.items())
            lines.append(f'{name}: dict({arguments})')
        for name, tensors in self.state_dicts.items():
            lines.append(f'  {name}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values()):,} values')
        lines.append(f'copied: {len(self.copied)} tensors')
        for title in ('unused', 'missing'):
            names = getattr(self, title)
            more = f', ... ({len(names)} in all)' if len(names) > 6 else ''
            lines.append(f'{title}: {", ".join(names[:6]) + more if names else "nothing"}')
        return '\n'.join(lines)


def find_state_dicts(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """Finds the state dicts in a file that is one itself, or holds it under a usual key.

    Returns:
        The one state dict under the label ``''``, which says nothing about what it is of; none if there is none.
    """
    for candidate in (content, *(content.get(key) for key in ('state_dict', 'model_state_dict', 'model'))):
        if isinstance(candidate, Mapping) and candidate and all(isinstance(v, Tensor) for v in candidate.values()):
            return {'': dict(candidate)}
    return {}


@dataclass(frozen=True)
class Importer:
    """Reads the checkpoints of one project.

    Args:
        name: What a user calls it, e.g. ``mimicry``.
        description: The project and the networks that are read, for lists.
        recognises: Whether a state dict, in the project's names, is of one of its networks.
        convert: Makes an :class:`Imported` with one network of such a state dict. Raises a ``ValueError`` that names
            the tensors it can't place.
        unwrap: Finds the state dicts in what a file holds, by label. A label that begins with ``ema`` marks a moving
            average; all other labels are only used in messages.
    """

    name: str
    description: str
    recognises: Callable[[Mapping[str, Tensor]], bool]
    convert: Callable[[dict[str, Tensor]], Imported]
    unwrap: Callable[[Mapping[str, Any]], dict[str, dict[str, Tensor]]] = find_state_dicts


IMPORTERS: dict[str, Importer] = {}


def register_importer(importer: Importer) -> Importer:
    """Adds an importer to :data:`IMPORTERS`.

    Raises:
        KeyError: There is another one of this name.
    """
    if IMPORTERS.setdefault(importer.name, importer) is not importer:
        raise KeyError(f'there is already an importer called {importer.name!r}')
    return importer


class TensorSource:
    """A state dict of another project, whose tensors are taken one by one so that none is forgotten.

    Args:
        tensors: The state dict.
        project: Name of the project, for messages.
    """

    def __init__(self, tensors: Mapping[str, Tensor], project: str) -> None:
        self._left = dict(tensors)
        self.project = project
        self.copied: list[str] = []
        self.unused: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def __iter__(self) -> Iterator[str]:
        return iter(self._left)

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns the shape of a tensor that is not taken yet.

        Raises:
            ValueError: It is not there.
        """
        return tuple(self._get(name).shape)

    def take(self, name: str, shape: tuple[int, ...] | None = None) -> Tensor:
        """Takes a tensor, which then counts as copied.

        Raises:
            ValueError: It is not there, or its shape is not ``shape``.
        """
        tensor = self._get(name)
        if shape is not None and tuple(tensor.shape) != tuple(shape):
            raise ValueError(
                f'{self.project}: {name} has the shape {tuple(tensor.shape)}; the other tensors of the network imply '
                f'{tuple(shape)}'
            )
        self.copied.append(name)
        return self._left.pop(name)

    def leave(self, names: Iterable[str]) -> None:
        """Sets tensors aside that our network has no place for; those of ``names`` that aren't there are ignored."""
        for name in list(names):
            if self._left.pop(name, None) is not None:
                self.unused.append(name)

    def finish(self) -> None:
        """Checks that every tensor was taken or set aside.

        Raises:
            ValueError: Some are left, which it names.
        """
        if self._left:
            names = sorted(self._left)
            more = f', ... ({len(names)} in all)' if len(names) > 8 else ''
            raise ValueError(
                f'{self.project}: no place for the tensors {", ".join(names[:8])}{more}; it is a network of another '
                f'kind than those that can be imported'
            )

    def _get(self, name: str) -> Tensor:
        if name not in self._left:
            raise ValueError(
                f'{self.project}: the tensor {name} is not in the file (or needed twice); a network of this kind has it'
            )
        return self._left[name]


def spectral_tensors(
    name: str, weight: Tensor, u: Tensor, v: Tensor | None = None, eps: float = 1e-12
) -> dict[str, Tensor]:
    """Returns the tensors of a layer under :func:`~mmgentransfer.models.layers.spectral.spectral`.

    With a ``v``, the spectral norm in evaluation is u'Wv. Without, the source does one power iteration from ``u``
    whenever it is called, and that iteration is done here.

    Args:
        name: Of the layer.
        weight: Its raw weight (o, ...), not transposed: the first dimension is the outputs.
        u: Left singular vector, of o numbers.
        v: Right singular vector, of as many numbers as a row of the weight has.
        eps: Smallest norm that is divided by.
    """
    u = u.flatten()
    if v is None:
        matrix = weight.flatten(1)
        v = F.normalize(matrix.mT @ u, dim=0, eps=eps)
        u = F.normalize(matrix @ v, dim=0, eps=eps)
    parametrisation = f'{name}.parametrizations.weight'
    return {
        f'{parametrisation}.original': weight,
        f'{parametrisation}.0._u': u,
        f'{parametrisation}.0._v': v.flatten(),
    }
