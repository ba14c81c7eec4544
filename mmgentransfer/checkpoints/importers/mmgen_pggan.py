"""Importer of ProGANs that were trained with MMGeneration or MMagic, which call them PGGAN.

Their generator fuses up-sampling and convolution, takes the fan-in of the fused kernel from its outputs, and adds 1e-5
to the root mean square in its pixel norms. Their critic pools before the activation, and never runs the 3x3 convolution
at 4x4, which is left out here. A file doesn't say whether fusing was switched off (``fused_upconv``,
``fused_convdown``): for the generator it follows from the shapes wherever the width changes, and the default is taken
otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from torch import Tensor

from .base import Imported, Importer, TensorSource, find_state_dicts, register_importer
from .progressive import as_convolution, count_layers, sides_of, take_layer, width_arguments

_PREFIXES = {
    'ema.generator': ('generator_ema.module.', 'generator_ema.'),
    'generator': ('generator.module.', 'generator.'),
    'discriminator': ('discriminator.module.', 'discriminator.'),
}
_PROJECT = 'MMGeneration PGGAN'


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    return 'noise2feat.linear.weight_orig' in tensors or {
        'decision.linear0.weight_orig',
        'fromrgb_layers.0.conv.weight_orig',
    } <= set(tensors)


def _unwrap(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    wrapped = find_state_dicts(content)
    tensors = wrapped.get('', {})
    networks: dict[str, dict[str, Tensor]] = {}
    for label, prefixes in _PREFIXES.items():
        for prefix in prefixes:
            part = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
            if part:
                networks[label] = part
                break
    return networks or wrapped


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, _PROJECT)
    return _generator(source) if 'noise2feat.linear.weight_orig' in source else _critic(source)


def _generator(source: TensorSource) -> Imported:
    sides = sides_of(count_layers(source, 'torgb_layers'))
    out_channels = source.shape('torgb_layers.0.conv.weight_orig')[0]
    widths = [source.shape(f'torgb_layers.{n}.conv.weight_orig')[1] for n in range(len(sides))]
    noise_size = source.shape('noise2feat.linear.weight_orig')[1]
    config = dict(type='ProGANGenerator', image_size=sides[-1], **width_arguments(widths))
    config |= dict(noise_size=noise_size, out_channels=out_channels, rms_eps=1e-5)

    state: dict[str, Tensor] = {}
    state['input_linear.weight'] = source.take('noise2feat.linear.weight_orig', (widths[0] * 16, noise_size))
    state['input_bias'] = source.take('noise2feat.bias', (1, widths[0], 1, 1)).flatten()
    take_layer(source, state, 'conv_blocks.0.conv', 'input_conv', (widths[0], widths[0], 3, 3))
    fused = not any(
        source.shape(f'conv_blocks.{2 * n - 1}.conv.weight_orig')[:2] == (o, i)
        for n, (i, o) in enumerate(pairwise(widths), 1)
        if i != o
    )
    for n, ((c_in, c_out), side) in enumerate(zip(pairwise(widths), sides[1:], strict=True), 1):
        first, second = f'conv_blocks.{2 * n - 1}.conv', f'conv_blocks.{2 * n}.conv'
        if fused:
            kernel = as_convolution(source.take(f'{first}.weight_orig', (c_in, c_out, 3, 3)))
            state[f'blocks.{side}.conv1.weight'] = kernel * math.sqrt(c_in / c_out)
            state[f'blocks.{side}.conv1.bias'] = source.take(f'{first}.bias', (c_out,))
        else:
            take_layer(source, state, first, f'blocks.{side}.conv1', (c_out, c_in, 3, 3))
        take_layer(source, state, second, f'blocks.{side}.conv2', (c_out, c_out, 3, 3))
    for n, (side, width) in enumerate(zip(sides, widths, strict=True)):
        take_layer(source, state, f'torgb_layers.{n}.conv', f'to_rgb.{side}', (out_channels, width, 1, 1))
    source.finish()
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, ['critic'])


def _critic(source: TensorSource) -> Imported:
    sides = sides_of(count_layers(source, 'fromrgb_layers'))
    widths = [source.shape(f'fromrgb_layers.{n}.conv.weight_orig')[0] for n in range(len(sides))]
    in_channels = source.shape('fromrgb_layers.0.conv.weight_orig')[1]
    head_channels, features = source.shape('decision.linear0.weight_orig')
    scores = source.shape('decision.linear1.weight_orig')[0]
    if features != (widths[0] + 1) * 16:
        raise ValueError(
            f'{_PROJECT}: decision.linear0.weight_orig has {features} inputs; a critic with minibatch standard '
            f'deviation has {(widths[0] + 1) * 16}, and only those can be imported'
        )
    if scores != 1:
        raise ValueError(
            f"{_PROJECT}: decision.linear1.weight_orig has {scores} outputs; a critic that also predicts labels can't "
            f'be imported'
        )
    config = dict(type='ProGANDiscriminator', image_size=sides[-1], **width_arguments(widths), in_channels=in_channels)
    config |= dict(head='mmgen', head_channels=head_channels, pool_before_activation=True)

    state: dict[str, Tensor] = {}
    for n, (side, width) in enumerate(zip(sides, widths, strict=True)):
        take_layer(source, state, f'fromrgb_layers.{n}.conv', f'from_rgb.{side}', (width, in_channels, 1, 1))
    for n, ((c_out, c_in), side) in enumerate(zip(pairwise(widths), sides[1:], strict=True), 1):
        take_layer(source, state, f'conv_blocks.{2 * n - 1}.conv', f'blocks.{side}.conv1', (c_in, c_in, 3, 3))
        take_layer(source, state, f'conv_blocks.{2 * n}.conv', f'blocks.{side}.conv2', (c_out, c_in, 3, 3))
    take_layer(source, state, 'decision.linear0', 'head_linear', (head_channels, features))
    take_layer(source, state, 'decision.linear1', 'score_head', (1, head_channels))
    source.leave(['conv_blocks.0.conv.weight_orig', 'conv_blocks.0.conv.bias'])  # never run
    source.finish()
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


register_importer(
    Importer(
        name='mmgen-pggan',
        description='MMGeneration and MMagic: PGGAN of 8 to 1024 pixels',
        recognises=_recognises,
        convert=_convert,
        unwrap=_unwrap,
    )
)
