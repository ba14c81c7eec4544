"""Importer of StyleGANs of the first version that were trained with rosinality's style-based-gan-pytorch.

The networks are always built for 1024 pixels; sides that the growth did not reach are left out. From 128 pixels on
up-sampling and convolution are fused there, with a quarter of the gain, which ours have as well. The blur kernels in
the file are compared with ours. Files from before up-sampling and blur were part of the blocks are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mmgentransfer.models.layers.equalised import Blur

from .base import Imported, Importer, TensorSource, register_importer
from .progressive import (
    all_zero,
    as_convolution,
    count_layers,
    labelled_state_dicts,
    leave_larger,
    sides_of,
    take_layer,
    trained_size,
    width_arguments,
)

_PROJECT = 'rosinality StyleGAN'
_LABELS = {'g_running': 'ema.generator', 'generator': 'generator', 'discriminator': 'discriminator'}


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    if 'generator.progression.0.conv1.input' in tensors:
        return True
    return 'linear.linear.weight_orig' in tensors and any(name.startswith('progression.0.conv') for name in tensors)


def _unwrap(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    return labelled_state_dicts(content, _LABELS)


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, _PROJECT)
    for name in ('generator.progression.1.conv1.conv.weight_orig', 'progression.0.conv.0.conv.weight_orig'):
        if name in source:
            raise ValueError(
                f'{_PROJECT}: the file has {name}, from before up-sampling and blur were part of the blocks, which had '
                f'another order of layers; only newer files can be imported'
            )
    return (_generator if 'generator.progression.0.conv1.input' in source else _critic)(source, tensors)


def _take_blur(source: TensorSource, name: str, channels: int) -> None:
    """Checks that a blur is ours."""
    for tensor in (source.take(f'{name}.{part}', (channels, 1, 3, 3)) for part in ('weight', 'weight_flip')):
        if not torch.allclose(tensor, Blur().kernel.to(tensor).expand_as(tensor)):
            raise ValueError(f'{_PROJECT}: {name} is another kernel than (1, 2, 1) x (1, 2, 1) / 16')


def _generator(source: TensorSource, tensors: Mapping[str, Tensor]) -> Imported:
    sides = sides_of(count_layers(source, 'generator.to_rgb'))
    their_block = {side: f'generator.progression.{n}' for n, side in enumerate(sides)}
    their_rgb = {side: f'generator.to_rgb.{n}' for n, side in enumerate(sides)}

    def is_initial(side: int) -> bool:
        block = their_block[side]
        zeros = [f'{their_rgb[side]}.conv.bias', f'{block}.conv2.conv.bias']
        zeros += [f'{block}.noise{n}.weight_orig' for n in (1, 2)]
        styles = [tensors.get(f'{block}.adain{n}.style.linear.bias') for n in (1, 2)]
        return all_zero(tensors, *zeros) and all(
            style is not None and (scale == 1).all() and not offset.any()
            for style in styles
            for scale, offset in [style.chunk(2)]
        )

    image_size = trained_size(sides, is_initial)
    leave_larger(source, image_size, their_block, their_rgb)
    sides = [side for side in sides if side <= image_size]
    widths = {side: source.shape(f'{their_rgb[side]}.conv.weight_orig')[1] for side in sides}
    out_channels = source.shape(f'{their_rgb[4]}.conv.weight_orig')[0]

    state: dict[str, Tensor] = {}
    noise_size = source.shape('style.1.linear.weight_orig')[1]
    num_mapping_layers = 0
    while f'style.{2 * num_mapping_layers + 1}.linear.weight_orig' in source:
        theirs = f'style.{2 * num_mapping_layers + 1}.linear'
        take_layer(source, state, theirs, f'mapping.{num_mapping_layers}', (noise_size, noise_size))
        num_mapping_layers += 1

    state['input_block.constant'] = source.take(f'{their_block[4]}.conv1.input', (1, widths[4], 4, 4))
    fused_sides = []
    for below, side in zip([None, *sides], sides, strict=False):
        theirs, ours = their_block[side], 'input_block' if side == 4 else f'blocks.{side}'
        width = widths[side]
        if below is not None and f'{theirs}.conv1.0.weight' in source:
            fused_sides.append(side)
            kernel = source.take(f'{theirs}.conv1.0.weight', (widths[below], width, 3, 3))
            state[f'{ours}.conv1.weight'] = as_convolution(kernel)
            state[f'{ours}.conv1.bias'] = source.take(f'{theirs}.conv1.0.bias', (width,))
            _take_blur(source, f'{theirs}.conv1.1', width)
        elif below is not None:
            take_layer(source, state, f'{theirs}.conv1.1.conv', f'{ours}.conv1', (width, widths[below], 3, 3))
            _take_blur(source, f'{theirs}.conv1.2', width)
        take_layer(source, state, f'{theirs}.conv2.conv', f'{ours}.conv2', (width, width, 3, 3))
        for n in (1, 2):
            noise_weight = source.take(f'{theirs}.noise{n}.weight_orig', (1, width, 1, 1))
            state[f'{ours}.layer{n}.noise_weight'] = noise_weight.flatten()
            style_shape = (2 * width, noise_size)
            take_layer(source, state, f'{theirs}.adain{n}.style.linear', f'{ours}.layer{n}.style', style_shape)
    for side in sides:
        take_layer(source, state, f'{their_rgb[side]}.conv', f'to_rgb.{side}', (out_channels, widths[side], 1, 1))
    source.finish()

    config = dict(type='StyleGANGenerator', image_size=image_size, noise_size=noise_size)
    config |= dict(num_mapping_layers=num_mapping_layers, **width_arguments([*widths.values()]))
    config |= dict(out_channels=out_channels, fused_from=_fused_from(fused_sides, sides))
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, ['critic'])


def _fused_from(fused_sides: list[int], sides: list[int]) -> int | None:
    if not fused_sides:
        return None
    if fused_sides != [side for side in sides if side >= fused_sides[0]]:
        raise ValueError(
            f'{_PROJECT}: up-sampling is fused at the sides {fused_sides} and not at those between or above them'
        )
    return fused_sides[0]


def _critic(source: TensorSource, tensors: Mapping[str, Tensor]) -> Imported:
    has_activation = 'from_rgb.0.0.conv.weight_orig' in source
    sides = sides_of(count_layers(source, 'from_rgb'))
    their_block = {side: f'progression.{n}' for n, side in enumerate(reversed(sides))}
    their_rgb = {
        side: f'from_rgb.{n}.0.conv' if has_activation else f'from_rgb.{n}.conv'
        for n, side in enumerate(reversed(sides))
    }

    def their_second(side: int) -> str:
        if side == 4:
            return f'{their_block[side]}.conv2.0.conv'
        fused = f'{their_block[side]}.conv2.1'
        return fused if f'{fused}.weight' in tensors else f'{fused}.conv'

    image_size = trained_size(
        sides,
        lambda side: all_zero(
            tensors,
            f'{their_rgb[side]}.bias',
            f'{their_block[side]}.conv1.0.conv.bias',
            f'{their_second(side)}.bias',
        ),
    )
    leave_larger(source, image_size, their_block, their_rgb)
    sides = [side for side in sides if side <= image_size]
    widths = {side: source.shape(f'{their_rgb[side]}.weight_orig')[0] for side in sides}
    in_channels = source.shape(f'{their_rgb[4]}.weight_orig')[1]

    state: dict[str, Tensor] = {}
    for side in sides:
        take_layer(source, state, their_rgb[side], f'from_rgb.{side}', (widths[side], in_channels, 1, 1))
    for below, side in pairwise(sides):
        c_in, c_out = widths[side], widths[below]
        theirs, ours, second = their_block[side], f'blocks.{side}', their_second(side)
        take_layer(source, state, f'{theirs}.conv1.0.conv', f'{ours}.conv1', (c_out, c_in, 3, 3))
        weight = 'weight_orig' if second.endswith('.conv') else 'weight'
        take_layer(source, state, second, f'{ours}.conv2', (c_out, c_out, 3, 3), weight)
        _take_blur(source, f'{theirs}.conv2.0', c_out)
    width = widths[4]
    take_layer(source, state, f'{their_block[4]}.conv1.0.conv', 'head_conv1', (width, width + 1, 3, 3))
    take_layer(source, state, f'{their_block[4]}.conv2.0.conv', 'head_conv2', (width, width, 4, 4))
    take_layer(source, state, 'linear.linear', 'score_head', (1, width))
    source.finish()

    config = dict(type='StyleGANDiscriminator', image_size=image_size, **width_arguments([*widths.values()]))
    config |= dict(in_channels=in_channels, from_rgb_activation=has_activation)
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


register_importer(
    Importer(
        name='rosinality-stylegan',
        description='style-based-gan-pytorch by rosinality: StyleGAN (version 1) of 8 to 1024 pixels',
        recognises=_recognises,
        convert=_convert,
        unwrap=_unwrap,
    )
)
