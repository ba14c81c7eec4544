"""Importer of the TransferGAN authors' TensorFlow variables, as a NumPy ``.npz`` file of arrays by variable name.

Such a file is made where TensorFlow is installed, from ``tf.train.load_checkpoint``; it holds both networks. The batch
norms' moving averages are stored but were never updated: a generator that comes from such a file must be run with the
statistics of its batch until some training has updated them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .base import STATISTICS_NEVER_UPDATED, Imported, Importer, TensorSource, register_importer

_PREFIXES = dict(generator='Generator.', critic='Discriminator.')
_OPTIMISER = re.compile(r'(^|/)beta[12]_power(_\d+)?$|/Adam(_\d+)?$')
_NOISE_SIZE = 128  # of all their generators


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    return any(name in tensors for name in ('Generator.Input.W', 'Discriminator.Input.Filters'))


def _unwrap(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    tensors = {str(name).removesuffix(':0'): t for name, t in content.items() if isinstance(t, Tensor)}
    found = {
        network: {name: t for name, t in tensors.items() if name.startswith(prefix)}
        for network, prefix in _PREFIXES.items()
    }
    found = {network: part for network, part in found.items() if part}
    if found:
        # What belongs to neither goes along with the first one, so that it is accounted for.
        rest = {name: t for name, t in tensors.items() if not name.startswith(tuple(_PREFIXES.values()))}
        next(iter(found.values())).update(rest)
    return found


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, 'transfergan-tf')
    source.leave([name for name in source if _OPTIMISER.search(name)])
    return _generator(source) if 'Generator.Input.W' in source else _critic(source)


def _generator(source: TensorSource) -> Imported:
    state: dict[str, Tensor] = {}
    num_blocks = _num_blocks(source, 'Generator')
    filters = [source.shape(f'Generator.Res{i + 1}.Conv1.Filters') for i in range(num_blocks)]
    widths = [filters[0][2], *(shape[3] for shape in filters)]
    inputs, features = source.shape('Generator.Input.W')
    side = math.isqrt(features // widths[0])
    if widths[0] * side**2 != features:
        raise ValueError(
            f'transfergan-tf: Generator.Input.W has {features} outputs, which are no square maps of {widths[0]} '
            f'channels'
        )
    conditional = len(source.shape('Generator.OutputN.scale')) == 2
    num_classes = source.shape('Generator.OutputN.scale')[0] if conditional else max(inputs - _NOISE_SIZE, 0)

    _linear(source, state, 'Generator.Input', 'input_linear')
    for i in range(num_blocks):
        theirs, ours = f'Generator.Res{i + 1}', f'blocks.{i}'
        _batch_norm(source, state, f'{theirs}.BN1', f'{ours}.norm1', widths[i], num_classes * conditional)
        _convolution(source, state, f'{theirs}.Conv1', f'{ours}.conv1', bias=False)
        _batch_norm(source, state, f'{theirs}.BN2', f'{ours}.norm2', widths[i + 1], num_classes * conditional)
        _convolution(source, state, f'{theirs}.Conv2', f'{ours}.conv2')
        _convolution(source, state, f'{theirs}.Shortcut', f'{ours}.shortcut')
    _batch_norm(source, state, 'Generator.OutputN', 'output_norm', widths[-1], num_classes * conditional)
    _convolution(source, state, 'Generator.Output', 'output_conv')
    source.finish()

    config = dict(
        type='WGANGPGenerator',
        image_size=side * 2**num_blocks,
        **_width_arguments(widths),
        noise_size=inputs if conditional else inputs - num_classes,
        out_channels=state['output_conv.bias'].shape[0],
        num_classes=num_classes,
        cond_mode=('bnorm' if conditional else 'concat') if num_classes else None,
    )
    missing = ['critic']
    if all(bool((t == (1 if 'var' in name else 0)).all()) for name, t in state.items() if 'running' in name):
        missing.append(STATISTICS_NEVER_UPDATED)
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, missing)


def _critic(source: TensorSource) -> Imported:
    state: dict[str, Tensor] = {}
    num_blocks = _num_blocks(source, 'Discriminator')
    in_channels, first = source.shape('Discriminator.Input.Filters')[2:]
    widths = [first, *(source.shape(f'Discriminator.Res{i + 1}.Conv2.Filters')[3] for i in range(num_blocks))]
    features = source.shape('Discriminator.Output.W')[0]
    side = math.isqrt(features // widths[-1])
    if widths[-1] * side**2 != features:
        raise ValueError(
            f'transfergan-tf: Discriminator.Output.W has {features} inputs, which are no square maps of {widths[-1]} '
            f'channels'
        )
    has_norms = 'Discriminator.Res1.BN1.scale' in source
    has_classes = 'Discriminator.ACGANOutput.W' in source

    _convolution(source, state, 'Discriminator.Input', 'input_conv')
    for i in range(num_blocks):
        theirs, ours = f'Discriminator.Res{i + 1}', f'blocks.{i}'
        if has_norms:
            for n in (1, 2):
                state[f'{ours}.norm{n}.weight'] = source.take(f'{theirs}.BN{n}.scale', (widths[i],))
                state[f'{ours}.norm{n}.bias'] = source.take(f'{theirs}.BN{n}.offset', (widths[i],))
        _convolution(source, state, f'{theirs}.Conv1', f'{ours}.conv1', bias=False)
        _convolution(source, state, f'{theirs}.Conv2', f'{ours}.conv2')
        _convolution(source, state, f'{theirs}.Shortcut', f'{ours}.shortcut')
    _linear(source, state, 'Discriminator.Output', 'score_head')
    if has_classes:
        _linear(source, state, 'Discriminator.ACGANOutput', 'class_head')
    source.finish()

    config = dict(
        type='WGANGPCritic',
        image_size=side * 2**num_blocks,
        **_width_arguments(widths),
        in_channels=in_channels,
        num_classes=state['class_head.bias'].shape[0] if has_classes else 0,
        norm='channel_layer_norm' if has_norms else None,
    )
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


def _num_blocks(source: TensorSource, network: str) -> int:
    numbers = {int(match.group(1)) for name in source if (match := re.match(rf'{network}\.Res(\d+)\.', name))}
    if not numbers or numbers != set(range(1, len(numbers) + 1)):
        raise ValueError(
            f'transfergan-tf: the blocks {network}.Res1, {network}.Res2, ... are expected, the file has the numbers '
            f'{sorted(numbers)}'
        )
    return len(numbers)


def _linear(source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str) -> None:
    weight = source.take(f'{theirs}.W')  # (in, out)
    state[f'{ours}.weight'] = weight.t().contiguous()
    state[f'{ours}.bias'] = source.take(f'{theirs}.b', (weight.shape[1],))


def _convolution(source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str, bias: bool = True) -> None:
    filters = source.take(f'{theirs}.Filters')  # (h, w, in, out)
    state[f'{ours}.weight'] = filters.permute(3, 2, 0, 1).contiguous()
    if bias:
        state[f'{ours}.bias'] = source.take(f'{theirs}.Biases', (filters.shape[3],))


def _batch_norm(
    source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str, width: int, num_classes: int
) -> None:
    shape = (num_classes, width) if num_classes else (width,)
    state[f'{ours}.weight'] = source.take(f'{theirs}.scale', shape)
    state[f'{ours}.bias'] = source.take(f'{theirs}.offset', shape)
    for name, moving, initial in (('running_mean', 'mean', 0.0), ('running_var', 'variance', 1.0)):
        moving = f'{theirs}.moving_{moving}'
        # The conditional norms have none.
        state[f'{ours}.{name}'] = source.take(moving, (width,)) if moving in source else torch.full((width,), initial)
    state[f'{ours}.num_batches_tracked'] = torch.tensor(0)


def _width_arguments(widths: list[int]) -> dict[str, Any]:
    base = math.gcd(*widths)
    return dict(base_channels=base, channel_mults=[width // base for width in widths])


register_importer(
    Importer(
        name='transfergan-tf',
        description="the TransferGAN authors' TensorFlow variables as .npz: WGAN-GP ResNets, also conditional",
        recognises=_recognises,
        convert=_convert,
        unwrap=_unwrap,
    )
)
