"""Importer of SNGANs that were trained with mimicry: without classes, and with a projection (cGAN-PD).

Its self-supervised GAN has the same generator and critic, besides a head of the critic that predicts rotations, which
is left out. Its other unconditional GANs share the generator. Three things differ from the SNGAN of the original paper:
blocks are doubled by bilinear interpolation, the critic of 32 pixels is narrower, and the ReLU in front of a critic's
block works in place, so that the shortcut takes the rectified features.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor

from mmgentransfer.models.backbones.sngan import default_critic_mults, default_generator_mults

from .base import Imported, Importer, TensorSource, register_importer, spectral_tensors

# The critic's side is not in its tensors, but each size has its own number of blocks, and of the last layer.
_CRITIC_SIZES = {(4, 5): (32, 2), (5, 5): (48, 4), (5, 6): (64, 5), (6, 7): (128, 5)}
_CONVOLUTION = {'c1': 'conv1', 'c2': 'conv2', 'c_sc': 'shortcut'}


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    blocks = 'block2.c1.bias' in tensors and 'block2.c2.bias' in tensors
    return blocks and ('l1.bias' in tensors or 'block1.c1.bias' in tensors)


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, 'mimicry')
    return _generator(source) if 'l1.bias' in source else _critic(source)


def _blocks(source: TensorSource) -> list[int]:
    return sorted({int(match.group(1)) for name in source if (match := re.match(r'block(\d+)\.', name))})


def _score_layer(source: TensorSource) -> str:
    """Returns the name of the critic's last layer, which has a number, such as ``l6``."""
    names = sorted({match.group(1) for name in source if (match := re.match(r'(l\d+)\.bias', name))})
    if len(names) != 1:
        raise ValueError(
            f"mimicry: the critic's last layer, l<number>, has to be one; the file has {', '.join(names) or 'none'}"
        )
    return names[0]


def _generator(source: TensorSource) -> Imported:
    state: dict[str, Tensor] = {}
    blocks = _blocks(source)
    last = blocks[-1] + 1
    widths = [source.shape(f'block{blocks[0]}.c1.weight')[1], *(source.shape(f'block{i}.c1.bias')[0] for i in blocks)]
    features, noise_size = source.shape('l1.weight')
    side = math.isqrt(features // widths[0])
    if widths[0] * side**2 != features:
        raise ValueError(f'mimicry: l1.weight has {features} outputs, which are no square maps of {widths[0]} channels')

    state['input_linear.weight'] = source.take('l1.weight')
    state['input_linear.bias'] = source.take('l1.bias', (features,))
    num_classes = 0
    for n, (i, (c_in, c_out)) in enumerate(zip(blocks, pairwise(widths), strict=True)):
        for theirs, shape in (('c1', (c_out, c_in, 3, 3)), ('c2', (c_out, c_out, 3, 3)), ('c_sc', (c_out, c_in, 1, 1))):
            ours = f'blocks.{n}.{_CONVOLUTION[theirs]}'
            state[f'{ours}.weight'] = source.take(f'block{i}.{theirs}.weight', shape)
            state[f'{ours}.bias'] = source.take(f'block{i}.{theirs}.bias', (c_out,))
        for theirs, width in ((1, c_in), (2, c_out)):
            num_classes = _norm(source, state, f'block{i}.b{theirs}', f'blocks.{n}.norm{theirs}', width)
    _norm(source, state, f'b{last}', 'output_norm', widths[-1])
    state['output_conv.weight'] = source.take(f'c{last}.weight')
    state['output_conv.bias'] = source.take(f'c{last}.bias')
    source.finish()

    image_size = side * 2 ** len(blocks)
    config = dict(type='SNGANGenerator', image_size=image_size)
    config |= _width_arguments(widths, default_generator_mults(image_size))
    config |= dict(noise_size=noise_size, out_channels=state['output_conv.bias'].shape[0], upsample='bilinear')
    if num_classes:
        config['num_classes'] = num_classes
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, ['critic'])


def _norm(source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str, width: int) -> int:
    """Copies a batch norm, and returns its number of classes."""
    conditional = f'{theirs}.embed.weight' in source
    if conditional:
        # One row a class: all scales, then all offsets.
        table = source.take(f'{theirs}.embed.weight')
        if table.shape[1] != 2 * width:
            raise ValueError(
                f'mimicry: {theirs}.embed.weight has {table.shape[1]} columns; twice {width} were expected'
            )
        state[f'{ours}.weight'], state[f'{ours}.bias'] = table[:, :width].clone(), table[:, width:].clone()
    else:
        state[f'{ours}.weight'] = source.take(f'{theirs}.weight', (width,))
        state[f'{ours}.bias'] = source.take(f'{theirs}.bias', (width,))
    statistics = f'{theirs}.bn' if conditional else theirs
    for name in ('running_mean', 'running_var'):
        state[f'{ours}.{name}'] = source.take(f'{statistics}.{name}', (width,))
    state[f'{ours}.num_batches_tracked'] = source.take(f'{statistics}.num_batches_tracked', ())
    return table.shape[0] if conditional else 0


def _critic(source: TensorSource) -> Imported:
    state: dict[str, Tensor] = {}
    blocks = _blocks(source)
    head = _score_layer(source)
    key = (len(blocks), int(head[1:]))
    if key not in _CRITIC_SIZES:
        raise ValueError(
            f'mimicry: a critic of {key[0]} blocks whose last layer is {head} is none of its SNGAN critics, which are '
            f'for {", ".join(str(size) for size, _ in _CRITIC_SIZES.values())} pixels'
        )
    image_size, num_downs = _CRITIC_SIZES[key]
    widths = [source.shape(f'block{i}.c2.bias')[0] for i in blocks]
    in_channels = None
    for n, i in enumerate(blocks):
        for theirs, ours in _CONVOLUTION.items():
            if f'block{i}.{theirs}.bias' in source:  # a shortcut can be without one
                raw = _spectral(source, state, f'block{i}.{theirs}', f'blocks.{n}.{ours}')
                in_channels = raw.shape[1] if in_channels is None else in_channels
    _spectral(source, state, head, 'score_head')

    config = dict(type='SNGANDiscriminator', image_size=image_size)
    config |= _width_arguments(widths, default_critic_mults(image_size)[0])
    config |= dict(num_downs=num_downs, in_channels=in_channels, relu_shortcut=True)
    if 'l_y.bias' in source:
        source.leave([name for name in source if name.startswith('l_y.')])  # head that predicts rotations
    elif any(name.startswith('l_y.') for name in source):
        config['num_classes'] = _spectral(source, state, 'l_y', 'embedding', bias=False).shape[0]
    source.finish()
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


def _spectral(source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str, bias: bool = True) -> Tensor:
    """Copies a layer with a spectral norm, and returns its raw weight.

    Layers have either the vectors of PyTorch's hook, which are used as they are in evaluation, or those of mimicry's
    own layer, which does one more power iteration whenever it is called.
    """
    if f'{theirs}.weight_orig' in source:
        weight = source.take(f'{theirs}.weight_orig')
        rows, columns = weight.shape[0], weight[0].numel()
        u, v = source.take(f'{theirs}.weight_u', (rows,)), source.take(f'{theirs}.weight_v', (columns,))
        state |= spectral_tensors(ours, weight, u, v)
    elif f'{theirs}.sn_u' in source:
        weight = source.take(f'{theirs}.weight')
        state |= spectral_tensors(ours, weight, source.take(f'{theirs}.sn_u', (1, weight.shape[0])))
        source.leave([f'{theirs}.sn_sigma'])  # follows from the others
    else:
        raise ValueError(
            f'mimicry: {theirs} has no spectral norm ({theirs}.weight_orig or {theirs}.sn_u), as the critics of its '
            f'other GANs; only the SNGAN, SSGAN and cGAN-PD critics can be imported'
        )
    if bias:
        state[f'{ours}.bias'] = source.take(f'{theirs}.bias', (weight.shape[0],))
    return weight


def _width_arguments(widths: Sequence[int], usual: Sequence[int]) -> dict[str, Any]:
    base = widths[0] // usual[0]
    if [base * mult for mult in usual] == list(widths):
        return dict(base_channels=base)
    base = math.gcd(*widths)
    return dict(base_channels=base, channel_mults=[width // base for width in widths])


register_importer(
    Importer(
        name='mimicry',
        description='SNGAN, cGAN-PD and SSGAN of 32, 48, 64 and 128 pixels',
        recognises=_recognises,
        convert=_convert,
    )
)
