"""Importer of ProGANs that were trained with pro-gan-pth, of its versions 2 (one network a file) and 3.

They differ from ours in the gain of some layers, which the raw weights make up for. Version 2 does not normalise the
noise (its users do), takes the minibatch standard deviation over the whole batch, and has no activation after the layer
from RGB; version 3 names the layers anew. A network is always built whole; sides that the growth did not reach are left
out. Layers are taken to be equalised, as by default; a file of version 3 says where they are not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from torch import Tensor

from .base import Imported, Importer, TensorSource, register_importer
from .progressive import (
    all_zero,
    count_layers,
    labelled_state_dicts,
    leave_larger,
    sides_of,
    take_layer,
    trained_size,
    width_arguments,
)

_PROJECT = 'pro-gan-pth'
_LABELS = {'shadow_generator': 'ema.generator', 'generator': 'generator', 'discriminator': 'discriminator'}
_SQRT2 = math.sqrt(2.0)


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    names = set(tensors)
    return (
        {'layers.0.conv_1.weight', 'rgb_converters.0.weight'} <= names
        or {'layers.0.conv_1.weight', 'from_rgb.0.0.weight'} <= names
        or any(name.startswith(('initial_block.conv_1.', 'final_block.conv_1.')) for name in names)
    )


def _unwrap(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    networks: dict[str, dict[str, Tensor]] = {}
    for key, label in _LABELS.items():
        part = content.get(key)
        if isinstance(part, Mapping) and isinstance(part.get('conf'), Mapping):
            found = labelled_state_dicts(part, {'state_dict': label})
            if found and not part['conf'].get('use_eql', True):
                found = {label: _with_equalised_scale(found[label], key != 'discriminator')}
            networks |= found
    return networks or labelled_state_dicts(content, _LABELS)


def _with_equalised_scale(tensors: dict[str, Tensor], generator: bool) -> dict[str, Tensor]:
    """Returns the tensors of a network without equalised layers, as those of one with them."""
    scaled = dict(tensors)
    for name, tensor in tensors.items():
        if name.endswith('.weight') and tensor.ndim == 4:
            transposed = generator and name == 'layers.0.conv_1.weight'
            fan_in = tensor.shape[0] if transposed else tensor[0].numel()
            scaled[name] = tensor * math.sqrt(fan_in / 2)
    return scaled


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, _PROJECT)
    for name in ('initial_block.conv_1.deconv.weight', 'final_block.conv_1.conv.weight'):
        if name in source:
            raise ValueError(
                f'{_PROJECT}: the file has {name}, as version 1 wrote it, which drew the scale of a layer at '
                f'random and did not save it; only files of the versions 2 and 3 can be imported'
            )
    for name in source:
        if 'label_embedder' in name:
            raise ValueError(f'{_PROJECT}: {name} is of a critic with classes; only those without can be imported')
    return (_generator if 'rgb_converters.0.weight' in source else _critic)(source, tensors)


def _generator(source: TensorSource, tensors: Mapping[str, Tensor]) -> Imported:
    is_version_2 = 'initial_block.conv_1.weight' in source
    sides = sides_of(count_layers(source, 'rgb_converters'))
    their_block = {side: f'layers.{n - is_version_2}' for n, side in enumerate(sides)}
    if is_version_2:
        their_block[4] = 'initial_block'
    their_rgb = {side: f'rgb_converters.{n}' for n, side in enumerate(sides)}
    image_size = trained_size(
        sides,
        lambda side: all_zero(
            tensors, f'{their_block[side]}.conv_1.bias', f'{their_block[side]}.conv_2.bias', f'{their_rgb[side]}.bias'
        ),
    )
    leave_larger(source, image_size, their_block, their_rgb)
    sides = [side for side in sides if side <= image_size]
    noise_size = source.shape(f'{their_block[4]}.conv_1.weight')[0]
    out_channels = source.shape('rgb_converters.0.weight')[0]
    widths = {side: source.shape(f'{their_rgb[side]}.weight')[1] for side in sides}
    config = dict(type='ProGANGenerator', image_size=image_size, **width_arguments([*widths.values()]))
    config |= dict(noise_size=noise_size, out_channels=out_channels)
    config |= dict(normalize_noise=not is_version_2, normalize_input=False)

    state: dict[str, Tensor] = {}
    kernel = source.take(f'{their_block[4]}.conv_1.weight', (noise_size, widths[4], 4, 4))
    # A transposed convolution of one pixel is a linear layer; its gain is four times that of ours.
    state['input_linear.weight'] = kernel.flatten(1).T * 4.0
    state['input_bias'] = source.take(f'{their_block[4]}.conv_1.bias', (widths[4],))
    take_layer(source, state, f'{their_block[4]}.conv_2', 'input_conv', (widths[4], widths[4], 3, 3), 'weight')
    for below, side in pairwise(sides):
        theirs, ours = their_block[side], f'blocks.{side}'
        c_in, c_out = widths[below], widths[side]
        take_layer(source, state, f'{theirs}.conv_1', f'{ours}.conv1', (c_out, c_in, 3, 3), 'weight')
        take_layer(source, state, f'{theirs}.conv_2', f'{ours}.conv2', (c_out, c_out, 3, 3), 'weight')
    for side in sides:
        shape = (out_channels, widths[side], 1, 1)
        take_layer(source, state, their_rgb[side], f'to_rgb.{side}', shape, 'weight', factor=_SQRT2)
    source.finish()
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, ['critic'])


def _critic(source: TensorSource, tensors: Mapping[str, Tensor]) -> Imported:
    is_version_2 = 'final_block.conv_1.weight' in source
    if is_version_2:  # the smallest side first
        sides = sides_of(count_layers(source, 'rgb_to_features'))
        their_block = {side: f'layers.{n}' for n, side in enumerate(sides[1:])}
        their_rgb = {side: f'rgb_to_features.{n}' for n, side in enumerate(sides)}
        head = 'final_block'
    else:  # the largest side first
        sides = sides_of(count_layers(source, 'from_rgb'))
        their_block = {side: f'layers.{n}' for n, side in enumerate(reversed(sides[1:]))}
        their_rgb = {side: f'from_rgb.{n}.0' for n, side in enumerate(reversed(sides))}
        head = f'layers.{len(sides) - 1}'
    image_size = trained_size(
        sides,
        lambda side: all_zero(
            tensors,
            f'{their_rgb[side]}.bias',
            *(f'{their_block.get(side, head)}.conv_{n}.bias' for n in (1, 2)),
        ),
    )
    leave_larger(source, image_size, their_block, their_rgb)
    sides = [side for side in sides if side <= image_size]
    widths = {side: source.shape(f'{their_rgb[side]}.weight')[0] for side in sides}
    in_channels = source.shape(f'{their_rgb[4]}.weight')[1]
    head_channels = source.shape(f'{head}.conv_2.bias')[0]
    config = dict(type='ProGANDiscriminator', image_size=image_size, **width_arguments([*widths.values()]))
    config |= dict(in_channels=in_channels, head_channels=head_channels)
    config |= dict(group_size=None if is_version_2 else 4, from_rgb_activation=not is_version_2)

    state: dict[str, Tensor] = {}
    for side in sides:
        shape = (widths[side], in_channels, 1, 1)
        take_layer(source, state, their_rgb[side], f'from_rgb.{side}', shape, 'weight')
    for below, side in pairwise(sides):
        theirs, ours = their_block[side], f'blocks.{side}'
        c_in, c_out = widths[side], widths[below]
        take_layer(source, state, f'{theirs}.conv_1', f'{ours}.conv1', (c_in, c_in, 3, 3), 'weight')
        take_layer(source, state, f'{theirs}.conv_2', f'{ours}.conv2', (c_out, c_in, 3, 3), 'weight')
    take_layer(source, state, f'{head}.conv_1', 'head_conv', (widths[4], widths[4] + 1, 3, 3), 'weight')
    take_layer(source, state, f'{head}.conv_2', 'head_linear', (head_channels, widths[4], 4, 4), 'weight')
    take_layer(source, state, f'{head}.conv_3', 'score_head', (1, head_channels, 1, 1), 'weight', factor=_SQRT2)
    for name in ('head_linear', 'score_head'):  # convolutions over the whole of their input
        state[f'{name}.weight'] = state[f'{name}.weight'].flatten(1)
    source.finish()
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


register_importer(
    Importer(
        name='pro-gan-pth',
        description='pro-gan-pth 2 and 3: ProGAN of 8 to 1024 pixels',
        recognises=_recognises,
        convert=_convert,
        unwrap=_unwrap,
    )
)
