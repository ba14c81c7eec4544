"""What the importers of progressively grown networks have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from mmgentransfer.models.layers.progressive import widths_by_side

from .base import TensorSource, find_state_dicts

__all__ = [
    'all_zero',
    'as_convolution',
    'count_layers',
    'labelled_state_dicts',
    'leave_larger',
    'sides_of',
    'take_layer',
    'trained_size',
    'width_arguments',
]


def count_layers(source: TensorSource, name: str) -> int:
    """Returns how many layers ``<name>.0``, ``<name>.1``, ... the file has.

    Raises:
        ValueError: Their numbers have gaps, or there are none.
    """
    prefix = f'{name}.'
    numbers = {key[len(prefix) :].split('.')[0] for key in source if key.startswith(prefix)}
    if not numbers or numbers != {str(n) for n in range(len(numbers))}:
        raise ValueError(f'{source.project}: the layers {name}.<n> must be numbered from 0 on, the file has {numbers}')
    return len(numbers)


def sides_of(num: int) -> list[int]:
    """Returns the first ``num`` sides 4, 8, 16, ..."""
    return [4 * 2**n for n in range(num)]


def width_arguments(widths: Sequence[int]) -> dict[str, Any]:
    """Returns the arguments of our networks that give the ``widths`` of the sides 4, 8, ...

    They are base_channels and max_channels where these can say it, the defaults are left out.
    """
    image_size = 2 * 2 ** len(widths)
    for base in (8192, 16384, widths[-1] * image_size // 2):
        if list(widths_by_side(image_size, base, widths[0]).values()) == list(widths):
            arguments = dict(base_channels=base, max_channels=widths[0])
            defaults = dict(base_channels=8192, max_channels=512)
            return {key: value for key, value in arguments.items() if value != defaults[key]}
    return dict(channels=list(widths))


def trained_size(sides: Sequence[int], is_initial: Callable[[int], bool]) -> int:
    """Returns the side up to which a network was trained.

    Networks that are grown often hold the layers of larger sides from the start. A side whose biases are all exactly
    as they were initialised was not reached. If that is all of them, the network is taken to be of the largest side.

    Args:
        sides: All sides, 4 first.
        is_initial: Whether all biases of a side have their initial value.
    """
    trained = [side for side in sides if not is_initial(side)]
    return max(8, trained[-1]) if trained else sides[-1]


def all_zero(tensors: Mapping[str, Tensor], *names: str) -> bool:
    """Returns whether the tensors of these names are there, and all zero."""
    return all(name in tensors and not tensors[name].any() for name in names)


def leave_larger(source: TensorSource, image_size: int, *layers: Mapping[int, str]) -> None:
    """Sets the layers, given by side, of the sides above ``image_size`` aside."""
    prefixes = tuple(f'{name}.' for names in layers for side, name in names.items() if side > image_size)
    source.leave([name for name in source if name.startswith(prefixes)])


def as_convolution(weight: Tensor) -> Tensor:
    """Turns the kernel (i, o, k, k) of a transposed convolution into that (o, i, k, k) of a usual one."""
    return weight.flip(2, 3).transpose(0, 1).contiguous()


def take_layer(
    source: TensorSource,
    state: dict[str, Tensor],
    theirs: str,
    ours: str,
    shape: Sequence[int],
    weight: str = 'weight_orig',
    factor: float = 1.0,
) -> None:
    """Copies weight and bias of a layer whose shape is the same with us.

    Args:
        source: The file's tensors.
        state: Our state dict, which is added to.
        theirs: The layer's name in the file.
        ours: The layer's name with us.
        shape: Shape (o, ...) of the weight.
        weight: The weight's name in the layer.
        factor: The source's gain divided by ours.
    """
    tensor = source.take(f'{theirs}.{weight}', tuple(shape))
    state[f'{ours}.weight'] = tensor if factor == 1.0 else tensor * factor
    state[f'{ours}.bias'] = source.take(f'{theirs}.bias', (shape[0],))


def labelled_state_dicts(content: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, dict[str, Tensor]]:
    """Finds state dicts under the keys of ``labels``, or one that is the file, and cuts the prefix ``module.`` off.

    Args:
        content: What the file holds.
        labels: Label of the result by key.
    """
    found = {
        label: dict(content[key])
        for key, label in labels.items()
        if isinstance(content.get(key), Mapping)
        and content[key]
        and all(isinstance(value, Tensor) for value in content[key].values())
    }
    return {
        label: {name.removeprefix('module.'): tensor for name, tensor in tensors.items()}
        for label, tensors in (found or find_state_dicts(content)).items()
    }
