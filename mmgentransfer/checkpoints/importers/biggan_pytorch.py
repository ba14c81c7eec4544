"""Checkpoints of ajbrock/BigGAN-PyTorch: BigGAN and SA-GAN, generator, its moving average, and discriminator."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from mmgentransfer.models.backbones.biggan import DISCRIMINATOR_MULTS, GENERATOR_MULTS

from .base import Imported, Importer, TensorSource, find_state_dicts, register_importer, spectral_tensors

__all__ = ['convert', 'recognises', 'unwrap']

SPECTRAL_EPS = 1e-6  # what the project's scripts for BigGAN pass; it matters for vanishing weights only
SOURCE = 'biggan-pytorch'
_IDLE = re.compile(r'\.(sv\d+|u[1-9]\d*|accumulation_counter|num_batches_tracked)$')


def recognises(tensors: Mapping[str, Tensor]) -> bool:
    """Whether these are the tensors of a generator or discriminator: residual blocks with their own spectral norm."""
    return {'linear.weight', 'linear.u0', 'blocks.0.0.conv1.weight', 'blocks.0.0.conv1.u0'} <= set(tensors)


def unwrap(content: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """Finds the state dicts: ``G.pth``, ``G_ema.pth`` and ``D.pth`` are one each, forks put them into one file."""
    parts = {key: content[key] for key in ('G', 'G_ema', 'D') if isinstance(content.get(key), Mapping)}
    if parts:
        return {('ema' if key == 'G_ema' else key): dict(part) for key, part in parts.items()}
    return find_state_dicts(content)


def convert(tensors: dict[str, Tensor]) -> Imported:
    """Makes a :class:`BigGANGenerator` or :class:`BigGANDiscriminator` of a state dict.

    Raises:
        ValueError: It lacks tensors, or has some that neither network has a place for.
    """
    source = TensorSource(tensors, SOURCE)
    is_generator = 'output_layer.2.weight' in source
    config, state = _generator(source) if is_generator else _discriminator(source)
    # Logged singular values, singular vectors but the first, and counters have no part in an evaluation.
    source.leave([name for name in source if _IDLE.search(name)])
    source.finish()
    ours, other = ('generator', 'critic') if is_generator else ('critic', 'generator')
    return Imported(
        networks={ours: config},
        state_dicts={ours: state},
        copied=source.copied,
        unused=source.unused,
        missing=[other],
        source=SOURCE,
    )


def _blocks(source: TensorSource) -> Iterator[str]:
    index = 0
    while f'blocks.{index}.0.conv1.weight' in source:
        yield f'blocks.{index}.0'
        index += 1


def _spectral(
    source: TensorSource, theirs: str, ours: str, shape: tuple[int, ...], bias: bool = True
) -> dict[str, Tensor]:
    """Takes a layer with the project's spectral norm."""
    weight = source.take(f'{theirs}.weight', shape).float()
    u = source.take(f'{theirs}.u0', (1, weight.shape[0])).float()
    state = spectral_tensors(ours, weight, u, eps=SPECTRAL_EPS)
    if bias:
        state[f'{ours}.bias'] = source.take(f'{theirs}.bias', weight.shape[:1]).float()
    return state


def _statistics(source: TensorSource, theirs: str, ours: str, channels: int) -> dict[str, Tensor]:
    """Takes the running statistics of a norm, of any of the project's three kinds of batch norm."""
    kinds = (('stored_mean', 'stored_var'), ('bn.stored_mean', 'bn.stored_var'), ('bn.running_mean', 'bn.running_var'))
    mean, var = next((kind for kind in kinds if f'{theirs}.{kind[0]}' in source), kinds[0])
    return {
        f'{ours}.running_mean': source.take(f'{theirs}.{mean}', (channels,)).float(),
        f'{ours}.running_var': source.take(f'{theirs}.{var}', (channels,)).float(),
        f'{ours}.num_batches_tracked': torch.zeros((), dtype=torch.int64),
    }


def _attention(source: TensorSource, theirs: str, ours: str, channels: int) -> dict[str, Tensor]:
    state = {f'{ours}.gamma': source.take(f'{theirs}.gamma', ()).float()}
    keys, values = channels // 8, channels // 2
    for name, our_name, shape in (
        ('theta', 'query', (keys, channels, 1, 1)),
        ('phi', 'key', (keys, channels, 1, 1)),
        ('g', 'value', (values, channels, 1, 1)),
        ('o', 'output', (channels, values, 1, 1)),
    ):
        state |= _spectral(source, f'{theirs}.{name}', f'{ours}.{our_name}', shape, bias=False)
    return state


def _generator(source: TensorSource) -> tuple[dict[str, Any], dict[str, Tensor]]:
    blocks = list(_blocks(source))
    shapes = [source.shape(f'{block}.conv1.weight') for block in blocks]
    widths = [shapes[0][1], *(shape[0] for shape in shapes)]
    rows, chunk = source.shape('linear.weight')
    bottom_side = math.isqrt(rows // widths[0])
    sides = [bottom_side * 2 ** (index + 1) for index in range(len(blocks))]
    shared = 'shared.weight' in source
    num_classes, embedding_size = (
        source.shape('shared.weight') if shared else source.shape('blocks.0.0.bn1.gain.weight')
    )
    condition_size = source.shape('blocks.0.0.bn1.gain.weight')[1] if shared else 0
    split_noise = shared and condition_size != embedding_size
    config = dict(
        type='BigGANGenerator',
        image_size=sides[-1],
        **_width_arguments(widths, GENERATOR_MULTS.get(sides[-1])),
        num_classes=num_classes,
        noise_size=chunk * (len(blocks) + 1) if split_noise else chunk,
        embedding_size=embedding_size if shared else 0,
        attention_resolutions=[side for n, side in enumerate(sides) if f'blocks.{n}.1.gamma' in source],
        split_noise=split_noise,
        out_channels=source.shape('output_layer.2.weight')[0],
        bottom_side=bottom_side,
    )

    state = _spectral(source, 'linear', 'linear', (widths[0] * bottom_side**2, chunk))
    if shared:
        state['shared.weight'] = source.take('shared.weight').float()
    for index, (theirs, i, o) in enumerate(zip(blocks, widths, widths[1:])):
        ours = f'blocks.{index}'
        state |= _spectral(source, f'{theirs}.conv1', f'{ours}.conv1', (o, i, 3, 3))
        state |= _spectral(source, f'{theirs}.conv2', f'{ours}.conv2', (o, o, 3, 3))
        state |= _spectral(source, f'{theirs}.conv_sc', f'{ours}.shortcut', (o, i, 1, 1))
        for number, channels in ((1, i), (2, o)):
            norm, our_norm = f'{theirs}.bn{number}', f'{ours}.norm{number}'
            if shared:
                shape = (channels, embedding_size + chunk * split_noise)
                state |= _statistics(source, norm, f'{our_norm}.norm', channels)
                state |= _spectral(source, f'{norm}.gain', f'{our_norm}.scale', shape, bias=False)
                state |= _spectral(source, f'{norm}.bias', f'{our_norm}.offset', shape, bias=False)
            else:
                shape = (num_classes, channels)
                state |= _statistics(source, norm, our_norm, channels)
                state[f'{our_norm}.weight'] = 1 + source.take(f'{norm}.gain.weight', shape).float()
                state[f'{our_norm}.bias'] = source.take(f'{norm}.bias.weight', shape).float()
        if sides[index] in config['attention_resolutions']:
            state |= _attention(source, f'blocks.{index}.1', f'attentions.{index}', o)
    state |= _statistics(source, 'output_layer.0', 'output_norm', widths[-1])
    state['output_norm.weight'] = source.take('output_layer.0.gain', (widths[-1],)).float()
    state['output_norm.bias'] = source.take('output_layer.0.bias', (widths[-1],)).float()
    state |= _spectral(source, 'output_layer.2', 'output_conv', (config['out_channels'], widths[-1], 3, 3))
    return config, state


def _discriminator(source: TensorSource) -> tuple[dict[str, Any], dict[str, Tensor]]:
    blocks = list(_blocks(source))
    in_channels = source.shape('blocks.0.0.conv1.weight')[1]
    widths = [source.shape(f'{block}.conv2.weight')[0] for block in blocks]
    # The last block never halves the side, and neither does one without a convolution in its shortcut.
    halvings = sum(f'{block}.conv_sc.weight' in source for block in blocks[:-1])
    # Only the layout for 32 pixels, whose blocks are all of one width, ends at 8; images have no other trace here.
    bottom_side = 8 if len(blocks) == 4 and halvings == 2 else 4
    image_size = bottom_side * 2**halvings
    hidden_widths = [source.shape(f'{block}.conv1.weight')[0] for block in blocks]
    sides = [image_size // 2 ** min(index + 1, halvings) for index in range(len(blocks))]
    config = dict(
        type='BigGANDiscriminator',
        image_size=image_size,
        **_width_arguments(widths, DISCRIMINATOR_MULTS.get(image_size)),
        num_classes=source.shape('embed.weight')[0],
        attention_resolutions=sorted({side for n, side in enumerate(sides) if f'blocks.{n}.1.gamma' in source}),
        wide=hidden_widths == widths,
        in_channels=in_channels,
        bottom_side=bottom_side,
    )

    state = _spectral(source, 'linear', 'linear', (1, widths[-1]))
    state |= _spectral(source, 'embed', 'embed', (config['num_classes'], widths[-1]), bias=False)
    for index, (theirs, i, o) in enumerate(zip(blocks, [in_channels, *widths], widths)):
        ours, hidden = f'blocks.{index}', o if config['wide'] else i
        state |= _spectral(source, f'{theirs}.conv1', f'{ours}.conv1', (hidden, i, 3, 3))
        state |= _spectral(source, f'{theirs}.conv2', f'{ours}.conv2', (o, hidden, 3, 3))
        if index < halvings or i != o:
            state |= _spectral(source, f'{theirs}.conv_sc', f'{ours}.shortcut', (o, i, 1, 1))
        if sides[index] in config['attention_resolutions']:
            state |= _attention(source, f'blocks.{index}.1', f'attentions.{index}', o)
    return config, state


def _width_arguments(widths: list[int], mults: tuple[int, ...] | None) -> dict[str, Any]:
    """Returns ``base_channels``, and ``channel_mults`` where they are not those of the side."""
    if mults is not None and len(mults) == len(widths):
        base = widths[0] // mults[0]
        if [base * mult for mult in mults] == widths:
            return dict(base_channels=base)
    base = math.gcd(*widths)
    return dict(base_channels=base, channel_mults=[width // base for width in widths])


register_importer(
    Importer(
        name=SOURCE,
        description='ajbrock/BigGAN-PyTorch: BigGAN and SA-GAN, generator (G, G_ema) and discriminator (D)',
        recognises=recognises,
        convert=convert,
        unwrap=unwrap,
    )
)
