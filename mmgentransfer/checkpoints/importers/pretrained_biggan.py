"""Checkpoints of huggingface/pytorch-pretrained-BigGAN: the generators of BigGAN-deep for 128, 256 and 512 pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from torch import Tensor

from mmgentransfer.models.backbones.biggan import GENERATOR_MULTS

from .base import Imported, Importer, TensorSource, register_importer, spectral_tensors

__all__ = ['convert', 'recognises']

SOURCE = 'pytorch-pretrained-biggan'


def recognises(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are the tensors of the project's model."""
    return {'embeddings.weight', 'generator.gen_z.weight_orig', 'generator.layers.0.bn_0.running_means'} <= set(tensors)


def convert(tensors: dict[str, Tensor]) -> Imported:
    """Makes a :class:`BigGANDeepGenerator` of a state dict.

    Raises:
        ValueError: It lacks tensors, has some that the network has no place for, or layers in an order that none of the
            published networks has.
    """
    source = TensorSource(tensors, SOURCE)
    kinds = _layers(source)
    blocks = [f'generator.layers.{index}' for index, kind in enumerate(kinds) if kind == 'block']
    width = source.shape('generator.layers.0.conv_0.weight_orig')[1]
    widths = [width, *(source.shape(f'{block}.conv_3.weight_orig')[0] for block in blocks[1::2])]
    rows, condition_size = source.shape('generator.gen_z.weight_orig')
    embedding_size, num_classes = source.shape('embeddings.weight')
    bottom_side = math.isqrt(rows // width)
    sides = [bottom_side * 2 ** (level + 1) for level in range(len(blocks) // 2)]
    attentions = _attention_levels(kinds)
    config = dict(
        type='BigGANDeepGenerator',
        image_size=sides[-1],
        base_channels=widths[-1],
        num_classes=num_classes,
        noise_size=condition_size - embedding_size,
        embedding_size=embedding_size,
        attention_resolutions=[sides[level] for level in attentions],
        num_stats=source.shape('generator.bn.running_means')[0],
        bottom_side=bottom_side,
    )
    if widths != [widths[-1] * mult for mult in GENERATOR_MULTS.get(sides[-1], ())]:
        base = math.gcd(*widths)
        config |= dict(base_channels=base, channel_mults=[width // base for width in widths])

    state = {'shared.weight': source.take('embeddings.weight').float().t().contiguous()}
    state |= _spectral(source, 'generator.gen_z', 'linear', (width * bottom_side**2, condition_size))
    for name in ('bias', 'parametrizations.weight.original', 'parametrizations.weight.0._u'):
        # Its outputs are in the order (row, column, channel), ours in (channel, row, column).
        maps = state[f'linear.{name}'].unflatten(0, (bottom_side**2, width))
        state[f'linear.{name}'] = maps.transpose(0, 1).flatten(0, 1)
    stats = config['num_stats']
    for number, theirs in enumerate(blocks):
        level, kind = number // 2, ('keep_blocks', 'up_blocks')[number % 2]
        i, o = widths[level], widths[level + number % 2]
        state |= _block(source, theirs, f'{kind}.{level}', i, o, stats, condition_size)
    for level, theirs in attentions.items():
        state |= _attention(source, theirs, f'attentions.{level}', widths[level + 1])
    state |= _statistics(source, 'generator.bn', 'output_norm', stats, widths[-1])
    for name in ('weight', 'bias'):
        state[f'output_norm.{name}'] = source.take(f'generator.bn.{name}', (widths[-1],)).float()
    state |= _spectral(source, 'generator.conv_to_rgb', 'output_conv', (widths[-1], widths[-1], 3, 3))
    source.finish()
    return Imported(
        networks=dict(generator=config),
        state_dicts=dict(generator=state),
        copied=source.copied,
        unused=source.unused,
        missing=['critic'],
        source=SOURCE,
    )


def _layers(source: TensorSource) -> list[str]:
    """Returns the kinds of the layers, 'block' or 'attention', in their order."""
    kinds = {}
    for name in source:
        match = re.match(r'generator\.layers\.(\d+)\.(bn_0|gamma)', name)
        if match:
            kinds[int(match[1])] = 'block' if match[2] == 'bn_0' else 'attention'
    if sorted(kinds) != list(range(len(kinds))):
        raise ValueError(
            f'{SOURCE}: of the generator.layers the file has the numbers {sorted(kinds)}, some are missing'
        )
    return [kinds[index] for index in sorted(kinds)]


def _attention_levels(kinds: list[str]) -> dict[int, str]:
    """Returns the attentions' names by the number of the up-sampling block that they follow.

    The blocks keep and double the side in turn, which no tensor shows, but which all published networks do.
    """
    levels, blocks = {}, 0
    for index, kind in enumerate(kinds):
        if kind == 'block':
            blocks += 1
        elif blocks % 2 or not blocks:
            raise ValueError(
                f'{SOURCE}: generator.layers.{index} is an attention behind {blocks} blocks; it can only stand behind '
                f'an up-sampling block, which is every second one'
            )
        else:
            levels[blocks // 2 - 1] = f'generator.layers.{index}'
    if blocks % 2:
        raise ValueError(f'{SOURCE}: generator.layers has {blocks} blocks, but there must be two for every side')
    return levels


def _spectral(
    source: TensorSource, theirs: str, ours: str, shape: tuple[int, ...], bias: bool = True
) -> dict[str, Tensor]:
    """Takes a layer with PyTorch's older spectral norm."""
    weight = source.take(f'{theirs}.weight_orig', shape).float()
    u = source.take(f'{theirs}.weight_u', shape[:1]).float()
    v = source.take(f'{theirs}.weight_v', (weight[0].numel(),)).float()
    source.leave([f'{theirs}.weight'])  # the normalised weight, which some versions of PyTorch stored beside it
    state = spectral_tensors(ours, weight, u, v)
    if bias:
        state[f'{ours}.bias'] = source.take(f'{theirs}.bias', shape[:1]).float()
    return state


def _statistics(source: TensorSource, theirs: str, ours: str, rows: int, channels: int) -> dict[str, Tensor]:
    return {
        f'{ours}.running_mean': source.take(f'{theirs}.running_means', (rows, channels)).float(),
        f'{ours}.running_var': source.take(f'{theirs}.running_vars', (rows, channels)).float(),
    }


def _block(
    source: TensorSource, theirs: str, ours: str, i: int, o: int, stats: int, condition_size: int
) -> dict[str, Tensor]:
    state, hidden = {}, i // 4
    convolutions = ((hidden, i, 1, 1), (hidden, hidden, 3, 3), (hidden, hidden, 3, 3), (o, hidden, 1, 1))
    for number, shape in enumerate(convolutions):
        norm, our_norm = f'{theirs}.bn_{number}', f'{ours}.norm{number + 1}'
        state |= _statistics(source, norm, our_norm, stats, shape[1])
        state |= _spectral(source, f'{norm}.scale', f'{our_norm}.scale', (shape[1], condition_size), bias=False)
        state |= _spectral(source, f'{norm}.offset', f'{our_norm}.offset', (shape[1], condition_size), bias=False)
        state |= _spectral(source, f'{theirs}.conv_{number}', f'{ours}.conv{number + 1}', shape)
    return state


def _attention(source: TensorSource, theirs: str, ours: str, channels: int) -> dict[str, Tensor]:
    keys, values = channels // 8, channels // 2
    state = {f'{ours}.gamma': source.take(f'{theirs}.gamma', (1,)).float().squeeze(0)}
    for name, our_name, shape in (
        ('theta', 'query', (keys, channels, 1, 1)),
        ('phi', 'key', (keys, channels, 1, 1)),
        ('g', 'value', (values, channels, 1, 1)),
        ('o_conv', 'output', (channels, values, 1, 1)),
    ):
        state |= _spectral(source, f'{theirs}.snconv1x1_{name}', f'{ours}.{our_name}', shape, bias=False)
    return state


register_importer(
    Importer(
        name=SOURCE,
        description='huggingface/pytorch-pretrained-BigGAN: generators of BigGAN-deep',
        recognises=recognises,
        convert=convert,
    )
)
