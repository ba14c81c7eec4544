"""What mix and match networks refuse: networks, losses, data and inputs that don't fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.methods.mmnets.graph import TranslationGraph
from mmgentransfer.models.methods.mmnets.modalities import Modality
from mmgentransfer.registry import suggest

if TYPE_CHECKING:
    from mmgentransfer.models.game import AdversarialModel

__all__ = ['check_known', 'check_losses', 'check_networks', 'check_sets', 'check_values', 'read_pixels']


def check_known(key: str, names: Any, known: Sequence[str]) -> list[str]:
    """Returns ``names`` as a list.

    Raises:
        ValueError: One of them is none of the ``known`` modalities; ``key`` says where it stands.
    """
    known = list(known)
    for name in names:
        if name not in known:
            raise ValueError(f'{key} names {name!r}; the modalities are {known}.{suggest(name, known)}')
    return list(names)


def check_networks(modalities: Mapping[str, Modality], encoders: nn.ModuleDict, decoders: nn.ModuleDict) -> None:
    """Checks that every modality has an encoder and a decoder, and that any decoder fits behind any encoder.

    Raises:
        ValueError: They are not as many, or their channels or stages differ.
    """
    for key, networks in (('encoders', encoders), ('decoders', decoders)):
        if set(networks) != set(modalities):
            raise ValueError(f'model.networks.{key} are {sorted(networks)}, the modalities {sorted(modalities)}')
    for name, modality in modalities.items():
        for key, attribute, network in (
            ('encoders', 'in_channels', encoders[name]),
            ('decoders', 'out_channels', decoders[name]),
        ):
            found = getattr(network, attribute)
            if found != modality.channels:
                raise ValueError(
                    f'model.networks.{key}.{name}.{attribute} is {found}, but the modality {name!r} has '
                    f'{modality.channels} channels'
                )
    first_name, first = next(iter(encoders.items()))
    for key, networks in (('encoders', encoders), ('decoders', decoders)):
        for name, network in networks.items():
            found, wanted = getattr(network, 'stage_channels', None), getattr(first, 'stage_channels', None)
            if found is not None and wanted is not None and tuple(found) != tuple(wanted):
                raise ValueError(
                    f'model.networks.{key}.{name}.stage_channels is {tuple(found)}, that of '
                    f'model.networks.encoders.{first_name} {tuple(wanted)}: every decoder must fit behind every encoder'
                )


def check_sets(graph: TranslationGraph, sets: Mapping[str, Sequence[str]] | None, key: str) -> None:
    """Checks that a training set deals out what the graph asks for.

    Args:
        graph: The model's.
        sets: The data set's modalities by set; None if it has no sets.
        key: The config key of its loader.

    Raises:
        ValueError: Sets are missing or too many, or hold other modalities.
    """
    if sets is None:
        raise ValueError(
            f'{key}.dataset has no sets; the model needs {graph.sets}, as a DisjointSets data set deals them out'
        )
    for name in dict.fromkeys([*graph.sets, *sets]):
        wanted, found = graph.sets.get(name), sets.get(name)
        if wanted is None or found is None or set(wanted) != set(found):
            raise ValueError(
                f'model.graph.sets and {key}.dataset.sets differ: {name!r} is {wanted} in the graph and {found} in '
                'the data'
            )


def check_values(
    modalities: Mapping[str, Modality], multiple: int, values: Mapping[str, Tensor], key: str, where: str = ''
) -> None:
    """Checks samples as the networks would see them.

    Args:
        modalities: The model's.
        multiple: Of which the sides must be multiples.
        values: A batch of samples by modality; those that are not the model's don't count.
        key: The config key of their loader.
        where: The set that they are of, for errors.

    Raises:
        ValueError: A shape, side or label is wrong.
    """
    for name, value in values.items():
        if name not in modalities:
            continue
        place = f'{key}.dataset: {name}{f" of the set {where!r}" if where else ""}'
        try:
            modalities[name].check(value)
        except ValueError as error:
            raise ValueError(f'{place}: {error}') from None
        height, width = value.shape[-2:]
        if height % multiple or width % multiple:
            raise ValueError(
                f'{place} is {height} x {width}; the networks halve the sides and need multiples of {multiple}: choose '
                'another image_size or model.data_preprocessor.crop_size'
            )


def check_losses(model: AdversarialModel) -> None:
    """Checks what else would fail at the first iteration of some stage.

    Raises:
        ValueError: A modality or the discriminators have no loss, a level is beyond the encoders, noise is negative, or
            a stage trains discriminators without an adversarial loss.
    """
    if missing := [m for m in model.modalities if m not in model.losses]:
        raise ValueError(f'model.losses lacks {missing}: every modality needs a loss of its name')
    check_known('model.networks.discriminators', model.discriminators, list(model.modalities))
    if model.discriminators and 'adversarial' not in model.losses:
        raise ValueError(
            f"model.losses lacks 'adversarial', for which there are discriminators: {list(model.discriminators)}"
        )
    depth = min(getattr(encoder, 'num_stages', 0) for encoder in model.encoders.values())
    for level in getattr(model.losses['latent'], 'levels', ()) if 'latent' in model.losses else ():
        if level != 'latent' and int(level.removeprefix('pool')) > depth:
            raise ValueError(f'model.losses.latent.levels has {level!r}, but the encoders have {depth} stages')
    plays = any(move.player == 'critic' for move in model.moves)
    for index, stage in enumerate(model.stages):
        if stage.settings.get('noise', 0) < 0:
            raise ValueError(f'model.stages[{index}].settings.noise is a standard deviation, got {stage.settings}')
        if plays and model.trained_in(stage)['critic'] and not model.weight('adversarial', stage):
            raise ValueError(
                f'model.stages[{index}] trains the discriminators, but the weight of the adversarial loss is 0: freeze '
                'them in it, or do without them (networks.discriminators={})'
            )


def read_pixels(
    modalities: Mapping[str, Modality], multiple: int, inputs: Mapping[str, np.ndarray]
) -> tuple[dict[str, Tensor], bool]:
    """Makes a batch of values of arrays.

    Args:
        modalities: The model's.
        multiple: Of which the sides must be multiples.
        inputs: An array (H, W[, C]) or (N, H, W[, C]) by modality.

    Returns:
        The values by modality, and whether the arrays were batches.

    Raises:
        ValueError: An array has a wrong shape, type or value, or arrays differ in number or size.
    """
    values, batched = {}, set()
    for name, array in inputs.items():
        modality = modalities[name]
        pixels = torch.as_tensor(np.ascontiguousarray(array))
        form = ('H', 'W', *modality.pixel_shape)
        surplus = pixels.ndim - len(form)
        if surplus not in (0, 1) or (modality.pixel_shape and pixels.shape[-1:] != modality.pixel_shape):
            form = ', '.join(map(str, form))
            raise ValueError(f'{name}: expected an array ({form}) or (N, {form}), got {tuple(pixels.shape)}')
        try:
            values[name] = modality.from_pixels(pixels if surplus else pixels[None])
            modality.check(values[name])
        except ValueError as error:
            raise ValueError(f'{name}: {error}') from None
        height, width = values[name].shape[-2:]
        if height % multiple or width % multiple or not height * width:
            raise ValueError(
                f'{name} is {height} x {width}: the networks take sides that are multiples of {multiple}; crop, pad or '
                'resize it'
            )
        batched.add(bool(surplus))
    sizes = {name: (value.shape[0], *value.shape[-2:]) for name, value in values.items()}
    if len(set(sizes.values())) > 1 or len(batched) > 1:
        raise ValueError(f'inputs that are fused must show the same samples at one size, got (N, H, W) {sizes}')
    return values, batched == {True}
