"""The importer of GenForce's PGGAN, against a formulation of its networks in its own layout."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.registry import MODELS

WIDTHS = (12, 12, 6)  # of 4, 8, 16 pixels
NOISE = 10
SQRT2 = math.sqrt(2)


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)  # rounding grows where a pixel norm divides by little
    yield
    torch.set_default_dtype(torch.float32)


def layer(name, *shape):
    return {f'{name}.weight': torch.randn(*shape), f'{name}.bias': torch.randn(shape[0])}


def generator_tensors():
    tensors = {'lod': torch.zeros(()), **layer('layer0', WIDTHS[0], NOISE, 4, 4)}
    tensors |= layer('layer1', WIDTHS[0], WIDTHS[0], 3, 3)
    for n in (1, 2):
        tensors |= layer(f'layer{2 * n}', WIDTHS[n], WIDTHS[n - 1], 3, 3)
        tensors |= layer(f'layer{2 * n + 1}', WIDTHS[n], WIDTHS[n], 3, 3)
    for n, width in enumerate(WIDTHS):
        tensors |= layer(f'output{n}', 3, width, 1, 1)
    return tensors


def critic_tensors(scores=1):
    tensors = {'lod': torch.zeros(())}
    for n, width in enumerate(reversed(WIDTHS)):
        tensors |= layer(f'input{n}', width, 3, 1, 1)
    tensors |= layer('layer0', 6, 6, 3, 3) | layer('layer1', 12, 6, 3, 3)
    tensors |= layer('layer2', 12, 12, 3, 3) | layer('layer3', 12, 12, 3, 3)
    return tensors | layer('layer4', 12, 13, 3, 3) | layer('layer5', 9, 192) | layer('layer6', scores, 9)


def norm(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


def conv(x, tensors, name, gain=SQRT2, padding=1):
    weight = tensors[f'{name}.weight']
    return F.conv2d(x, weight * gain / math.sqrt(weight[0].numel()), tensors[f'{name}.bias'], padding=padding)


def generate(tensors, z):
    """Each layer normalises what it takes; the last one to RGB has no activation."""
    x = norm(z)[:, :, None, None] * math.sqrt(NOISE)
    x = F.leaky_relu(conv(norm(x), tensors, 'layer0', padding=3), 0.2)
    x = F.leaky_relu(conv(norm(x), tensors, 'layer1'), 0.2)
    for n in (1, 2):
        x = F.interpolate(norm(x), scale_factor=2.0, mode='nearest')
        x = F.leaky_relu(conv(x, tensors, f'layer{2 * n}'), 0.2)
        x = F.leaky_relu(conv(norm(x), tensors, f'layer{2 * n + 1}'), 0.2)
    return conv(norm(x), tensors, 'output2', gain=1.0, padding=0)


def judge(tensors, images):
    x = F.leaky_relu(conv(images, tensors, 'input0', padding=0), 0.2)
    for n in (0, 1):
        x = F.leaky_relu(conv(x, tensors, f'layer{2 * n}'), 0.2)
        x = F.avg_pool2d(F.leaky_relu(conv(x, tensors, f'layer{2 * n + 1}'), 0.2), 2)
    deviation = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
    x = torch.cat([x, deviation.expand(len(x), 1, 4, 4)], 1)
    x = F.leaky_relu(conv(x, tensors, 'layer4'), 0.2).flatten(1)
    for name, gain in (('layer5', SQRT2), ('layer6', 1.0)):
        weight = tensors[f'{name}.weight']
        x = F.linear(x, weight * gain / math.sqrt(weight.shape[1]), tensors[f'{name}.bias'])
        x = F.leaky_relu(x, 0.2) if name == 'layer5' else x
    return x[:, 0]


def imported(tmp_path, **parts):
    torch.save(parts, tmp_path / 'pggan.pth')
    return import_checkpoint(None, tmp_path / 'pggan.pth', tmp_path / 'out.pth')


def built(result, name, key=None):
    network = MODELS.build(dict(result.networks[name])).eval()
    network.load_state_dict(result.state_dicts[key or name])
    return network


def test_images_and_scores_are_the_same(tmp_path):
    live, smooth, critic = generator_tensors(), generator_tensors(), critic_tensors()
    result = imported(tmp_path, generator=live, generator_smooth=smooth, discriminator=critic)
    assert result.source == 'genforce-pggan'
    assert result.missing == []
    assert all(name.endswith('lod') for name in result.unused)
    z, images = torch.randn(3, NOISE), torch.randn(4, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(built(result, 'generator')(z), generate(live, z))
        torch.testing.assert_close(built(result, 'generator', 'ema.generator')(z), generate(smooth, z))
        torch.testing.assert_close(built(result, 'critic')(images), judge(critic, images))


def test_generator_with_fused_layers_is_refused(tmp_path):
    tensors = generator_tensors()
    tensors['layer4.weight'] = tensors['layer4.weight'].transpose(0, 1).contiguous()
    with pytest.raises(ValueError, match=r'layer4\.weight has the shape'):
        imported(tmp_path, generator=tensors)


def test_critic_with_labels_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'layer6\.weight has 4 outputs'):
        imported(tmp_path, discriminator=critic_tensors(scores=4))
