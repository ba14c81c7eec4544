"""Importer of GenForce's ProGANs, which include the official LSUN and CelebA-HQ models in PyTorch.

Their layers have our gains; the first one is a 4x4 convolution of a 1x1 map. Only networks that don't fuse up- and
down-sampling with the convolution are read, as those of its model zoo: for the generator the shapes tell, wherever the
width changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor

from .base import Imported, Importer, TensorSource, register_importer
from .progressive import labelled_state_dicts, sides_of, take_layer, width_arguments

_PROJECT = 'GenForce PGGAN'
_LABELS = {'generator_smooth': 'ema.generator', 'generator': 'generator', 'discriminator': 'discriminator'}


def _recognises(tensors: Mapping[str, Tensor]) -> bool:
    return 'layer0.weight' in tensors and ('output0.weight' in tensors or 'input0.weight' in tensors)


def _unwrap(content: Mapping[str, object]) -> dict[str, dict[str, Tensor]]:
    return labelled_state_dicts(content, _LABELS)


def _convert(tensors: dict[str, Tensor]) -> Imported:
    source = TensorSource(tensors, _PROJECT)
    source.leave(['lod'])  # 0 in a network that has grown up
    return _generator(source) if 'output0.weight' in source else _critic(source)


def _count(source: TensorSource, name: str) -> int:
    count = 0
    while f'{name}{count}.weight' in source:
        count += 1
    return count


def _generator(source: TensorSource) -> Imported:
    sides = sides_of(_count(source, 'output'))
    out_channels = source.shape('output0.weight')[0]
    widths = [source.shape(f'output{n}.weight')[1] for n in range(len(sides))]
    noise_size = source.shape('layer0.weight')[1]
    config = dict(type='ProGANGenerator', image_size=sides[-1], **width_arguments(widths))
    config |= dict(noise_size=noise_size, out_channels=out_channels)

    # The map's only pixel meets the kernel from its far end.
    kernel = source.take('layer0.weight', (widths[0], noise_size, 4, 4))
    state = {
        'input_linear.weight': kernel.flip(2, 3).permute(0, 2, 3, 1).reshape(-1, noise_size).contiguous(),
        'input_bias': source.take('layer0.bias', (widths[0],)),
    }
    _take(source, state, 'layer1', 'input_conv', (widths[0], widths[0], 3, 3))
    for n, ((c_in, c_out), side) in enumerate(zip(pairwise(widths), sides[1:], strict=True), 1):
        _take(source, state, f'layer{2 * n}', f'blocks.{side}.conv1', (c_out, c_in, 3, 3))
        _take(source, state, f'layer{2 * n + 1}', f'blocks.{side}.conv2', (c_out, c_out, 3, 3))
    for n, (side, width) in enumerate(zip(sides, widths, strict=True)):
        _take(source, state, f'output{n}', f'to_rgb.{side}', (out_channels, width, 1, 1))
    source.finish()
    return Imported(dict(generator=config), dict(generator=state), source.copied, source.unused, ['critic'])


def _critic(source: TensorSource) -> Imported:
    count = _count(source, 'input')
    sides = sides_of(count)
    number = {side: count - 1 - n for n, side in enumerate(sides)}  # the largest side comes first
    widths = [source.shape(f'input{number[side]}.weight')[0] for side in sides]
    in_channels = source.shape('input0.weight')[1]
    first, hidden, last = (f'layer{2 * count - 2 + k}' for k in range(3))
    head_channels, scores = source.shape(f'{hidden}.weight')[0], source.shape(f'{last}.weight')[0]
    if scores != 1:
        raise ValueError(
            f"{_PROJECT}: {last}.weight has {scores} outputs; a critic that also predicts labels can't be imported"
        )
    config = dict(type='ProGANDiscriminator', image_size=sides[-1], **width_arguments(widths))
    config |= dict(in_channels=in_channels, head_channels=head_channels)

    state: dict[str, Tensor] = {}
    for side, width in zip(sides, widths, strict=True):
        _take(source, state, f'input{number[side]}', f'from_rgb.{side}', (width, in_channels, 1, 1))
    for (c_out, c_in), side in zip(pairwise(widths), sides[1:], strict=True):
        _take(source, state, f'layer{2 * number[side]}', f'blocks.{side}.conv1', (c_in, c_in, 3, 3))
        _take(source, state, f'layer{2 * number[side] + 1}', f'blocks.{side}.conv2', (c_out, c_in, 3, 3))
    _take(source, state, first, 'head_conv', (widths[0], widths[0] + 1, 3, 3))
    _take(source, state, hidden, 'head_linear', (head_channels, widths[0] * 16))
    _take(source, state, last, 'score_head', (1, head_channels))
    source.finish()
    return Imported(dict(critic=config), dict(critic=state), source.copied, source.unused, ['generator'])


def _take(source: TensorSource, state: dict[str, Tensor], theirs: str, ours: str, shape: tuple[int, ...]) -> None:
    take_layer(source, state, theirs, ours, shape, weight='weight')


register_importer(
    Importer(
        name='genforce-pggan',
        description='GenForce (also SeFa, HiGAN): PGGAN of 8 to 1024 pixels',
        recognises=_recognises,
        convert=_convert,
        unwrap=_unwrap,
    )
)
