"""The importer of MMGeneration's and MMagic's PGGAN, against a formulation of its networks in its own layout."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

IMPORTER = IMPORTERS['mmgen-pggan']
WIDTHS = (12, 12, 6, 3)  # of 4, 8, 16, 32 pixels: base 48, at most 12
NOISE = 10
SQRT2 = math.sqrt(2)


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)  # rounding grows where a pixel norm divides by little
    yield
    torch.set_default_dtype(torch.float32)


def layer(name, out_channels, in_channels, side=None, transposed=False):
    shape = (in_channels, out_channels) if transposed else (out_channels, in_channels)
    kernel = () if side is None else (side, side)
    return {f'{name}.weight_orig': torch.randn(*shape, *kernel), f'{name}.bias': torch.randn(out_channels)}


def generator_tensors(widths=WIDTHS, fused=True):
    tensors = {
        'noise2feat.bias': torch.randn(1, widths[0], 1, 1),
        'noise2feat.linear.weight_orig': torch.randn(16 * widths[0], NOISE),
        **layer('conv_blocks.0.conv', widths[0], widths[0], 3),
    }
    for n in range(1, len(widths)):
        tensors |= layer(f'conv_blocks.{2 * n - 1}.conv', widths[n], widths[n - 1], 3, transposed=fused)
        tensors |= layer(f'conv_blocks.{2 * n}.conv', widths[n], widths[n], 3)
    for n, width in enumerate(widths):
        tensors |= layer(f'torgb_layers.{n}.conv', 3, width, 1)
    return tensors


def critic_tensors(widths=WIDTHS, head=9):
    tensors = layer('conv_blocks.0.conv', widths[0], widths[0], 3)
    for n in range(1, len(widths)):
        tensors |= layer(f'conv_blocks.{2 * n - 1}.conv', widths[n], widths[n], 3)
        tensors |= layer(f'conv_blocks.{2 * n}.conv', widths[n - 1], widths[n], 3)
    for n, width in enumerate(widths):
        tensors |= layer(f'fromrgb_layers.{n}.conv', width, 3, 1)
    tensors |= layer('decision.linear0', head, 16 * (widths[0] + 1))
    return tensors | layer('decision.linear1', 1, head)


class Reference:
    """The functions of that project's networks, on a state dict."""

    def __init__(self, tensors):
        self.tensors = tensors

    def weight(self, name, gain=SQRT2):
        weight = self.tensors[f'{name}.weight_orig']
        # fan-in is the product of all dimensions but the first, also for a transposed convolution
        return weight * gain / math.sqrt(weight[0].numel())

    def conv(self, x, name, gain=SQRT2):
        weight = self.weight(name, gain)
        return F.conv2d(x, weight, self.tensors[f'{name}.bias'], padding=weight.shape[-1] // 2)

    def up(self, x, name):
        kernel = self.weight(name)
        spread = torch.zeros(*kernel.shape[:2], 4, 4)
        for i in (0, 1):
            for j in (0, 1):
                spread[:, :, i : i + 3, j : j + 3] += kernel
        return F.conv_transpose2d(x, spread, self.tensors[f'{name}.bias'], stride=2, padding=1)

    def down(self, x, name):
        kernel = self.weight(name)
        spread = torch.zeros(*kernel.shape[:2], 4, 4)
        for i in (0, 1):
            for j in (0, 1):
                spread[:, :, i : i + 3, j : j + 3] += kernel / 4
        return F.conv2d(x, spread, self.tensors[f'{name}.bias'], stride=2, padding=1)

    def linear(self, x, name, gain=SQRT2):
        return F.linear(x, self.weight(name, gain), self.tensors[f'{name}.bias'])

    @staticmethod
    def norm(x, eps=1e-5):  # what MMCV passes to its norm layers
        return x / (torch.linalg.norm(x, dim=1, keepdim=True) / math.sqrt(x.shape[1]) + eps)

    def generate(self, z, side, alpha=1.0, fused=True):
        x = self.norm(z, 1e-6) @ self.weight('noise2feat.linear', math.sqrt(2) / 4).T
        x = x.reshape(len(z), -1, 4, 4) + self.tensors['noise2feat.bias']
        x = self.norm(F.leaky_relu(x, 0.2))
        x = self.norm(F.leaky_relu(self.conv(x, 'conv_blocks.0.conv'), 0.2))
        images = previous = self.conv(x, 'torgb_layers.0.conv', 1.0)
        for n in range(1, int(math.log2(side)) - 1):
            previous = images
            name = f'conv_blocks.{2 * n - 1}.conv'
            x = self.up(x, name) if fused else self.conv(F.interpolate(x, scale_factor=2), name)
            x = self.norm(F.leaky_relu(x, 0.2))
            x = self.norm(F.leaky_relu(self.conv(x, f'conv_blocks.{2 * n}.conv'), 0.2))
            images = self.conv(x, f'torgb_layers.{n}.conv', 1.0)
        if side == 4:
            return images
        previous = F.interpolate(previous, scale_factor=2, mode='nearest')
        return previous + alpha * (images - previous)

    def score(self, images, alpha=1.0):
        top = int(math.log2(images.shape[-1])) - 2
        x = F.leaky_relu(self.conv(images, f'fromrgb_layers.{top}.conv'), 0.2)
        for n in range(top, 0, -1):
            x = F.leaky_relu(self.conv(x, f'conv_blocks.{2 * n - 1}.conv'), 0.2)
            x = F.leaky_relu(self.down(x, f'conv_blocks.{2 * n}.conv'), 0.2)
            if n == top:
                small = F.avg_pool2d(images, 2)
                y = F.leaky_relu(self.conv(small, f'fromrgb_layers.{n - 1}.conv'), 0.2)
                x = y + alpha * (x - y)
        group = min(len(x), 4)
        y = x.reshape(group, -1, *x.shape[1:])
        y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3))
        x = torch.cat([x, y.repeat(group)[:, None, None, None].expand(-1, 1, 4, 4)], 1)
        x = F.leaky_relu(self.linear(x.flatten(1), 'decision.linear0'), 0.2)
        return self.linear(x, 'decision.linear1', 1.0)[:, 0]


def network(tensors, name):
    assert IMPORTER.recognises(tensors)
    imported = IMPORTER.convert(tensors)
    built = MODELS.build(dict(imported.networks[name]))
    built.load_state_dict(imported.state_dicts[name])
    return built.eval(), imported


def assert_same(actual, expected):
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() < 1e-4 * expected.std()


@torch.no_grad()
def test_generator():
    tensors = generator_tensors()
    net, imported = network(tensors, 'generator')
    assert imported.networks['generator'] == dict(
        type='ProGANGenerator', image_size=32, base_channels=48, max_channels=12, noise_size=10, out_channels=3,
        rms_eps=1e-5,
    )  # fmt: skip
    assert sorted(imported.copied) == sorted(tensors)
    assert imported.unused == []
    assert imported.missing == ['critic']
    z, reference = torch.randn(5, NOISE), Reference(tensors)
    assert_same(net(z), reference.generate(z, 32))
    assert_same(net(z, stage=16, alpha=0.3), reference.generate(z, 16, 0.3))
    assert_same(net(z, stage=4), reference.generate(z, 4))


@torch.no_grad()
def test_generator_without_fused_layers():
    tensors = generator_tensors(fused=False)
    net, _ = network(tensors, 'generator')
    z = torch.randn(3, NOISE)
    assert_same(net(z), Reference(tensors).generate(z, 32, fused=False))


@torch.no_grad()
def test_generator_of_equal_widths_is_taken_to_be_fused():
    tensors = generator_tensors(widths=(6, 6))
    net, imported = network(tensors, 'generator')
    assert imported.networks['generator']['max_channels'] == 6
    z = torch.randn(3, NOISE)
    assert_same(net(z), Reference(tensors).generate(z, 8))


@torch.no_grad()
def test_critic():
    tensors = critic_tensors()
    net, imported = network(tensors, 'critic')
    assert imported.networks['critic']['head'] == 'mmgen'
    assert imported.networks['critic']['head_channels'] == 9
    assert imported.unused == ['conv_blocks.0.conv.weight_orig', 'conv_blocks.0.conv.bias']
    assert sorted(imported.copied + imported.unused) == sorted(tensors)
    assert imported.missing == ['generator']
    reference = Reference(tensors)
    for num in (3, 8):
        images = torch.randn(num, 3, 32, 32)
        assert_same(net(images), reference.score(images))
        small = torch.randn(num, 3, 16, 16)
        assert_same(net(small, stage=16, alpha=0.4), reference.score(small, 0.4))


def test_widths_of_no_rule():
    _, imported = network(generator_tensors(widths=(5, 7, 3)), 'generator')
    assert imported.networks['generator']['channels'] == [5, 7, 3]


@pytest.mark.parametrize('average', ['generator_ema.', 'generator_ema.module.'])
def test_file(tmp_path, average):
    live, ema, critic = generator_tensors(), generator_tensors(), critic_tensors()
    state = {f'generator.{name}': tensor for name, tensor in live.items()}
    state |= {f'discriminator.{name}': tensor for name, tensor in critic.items()}
    state |= {average + name: tensor for name, tensor in ema.items()}
    state['shown_nkimg'] = torch.tensor([600.0])
    torch.save({'meta': {'mmgen_version': '0.1.0'}, 'state_dict': state}, tmp_path / 'pggan.pth')
    imported = import_checkpoint(None, tmp_path / 'pggan.pth', tmp_path / 'out.pth')
    assert imported.source == 'mmgen-pggan'
    assert imported.missing == []
    assert sorted(imported.state_dicts) == ['critic', 'ema.generator', 'generator']
    saved = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    assert torch.equal(saved['generator.input_linear.weight'], live['noise2feat.linear.weight_orig'])
    assert torch.equal(saved['ema.generator.input_linear.weight'], ema['noise2feat.linear.weight_orig'])
    assert torch.equal(saved['critic.score_head.weight'], critic['decision.linear1.weight_orig'])


@torch.no_grad()
@pytest.mark.parametrize('generator', ['generator.', 'generator_ema.'])
def test_red_and_blue_change_places(generator, tmp_path):
    tensors = generator_tensors(), critic_tensors()
    state = {f'{generator}{name}': tensor for name, tensor in tensors[0].items()}
    state |= {f'discriminator.{name}': tensor for name, tensor in tensors[1].items()}
    torch.save({'state_dict': state}, tmp_path / 'pggan.pth')
    imported = import_checkpoint(None, tmp_path / 'pggan.pth', bgr=True)
    networks = {}
    for name, cfg in imported.networks.items():
        networks[name] = MODELS.build(dict(cfg)).eval()
        networks[name].load_state_dict(imported.state_dicts[name])
    z, images = torch.randn(3, NOISE), torch.randn(4, 3, 32, 32)
    generate, score = Reference(tensors[0]).generate, Reference(tensors[1]).score
    assert_same(networks['generator'](z), generate(z, 32)[:, [2, 1, 0]])
    assert_same(networks['critic'](images[:, [2, 1, 0]]), score(images))
    small = torch.randn(4, 3, 16, 16)  # of other layers
    assert_same(networks['generator'](z, stage=16, alpha=0.3), generate(z, 16, 0.3)[:, [2, 1, 0]])
    assert_same(networks['critic'](small[:, [2, 1, 0]], stage=16, alpha=0.4), score(small, 0.4))


def test_what_cannot_be_imported():
    tensors = generator_tensors()
    del tensors['conv_blocks.3.conv.bias']
    with pytest.raises(ValueError, match=r'conv_blocks\.3\.conv\.bias is not in the file'):
        IMPORTER.convert(tensors)
    with pytest.raises(ValueError, match=r'no place for the tensors extra\.weight'):
        IMPORTER.convert({**generator_tensors(), 'extra.weight': torch.zeros(1)})
    with pytest.raises(ValueError, match='has 11 outputs; a critic that also predicts labels'):
        IMPORTER.convert({**critic_tensors(), **layer('decision.linear1', 11, 9)})
    with pytest.raises(ValueError, match='192 inputs; a critic with minibatch standard deviation has 208'):
        IMPORTER.convert({**critic_tensors(), **layer('decision.linear0', 9, 192)})
    assert not IMPORTER.recognises({'conv_blocks.0.conv.bias': torch.zeros(1)})
