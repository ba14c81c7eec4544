"""The importer of pro-gan-pth, against a formulation of its networks in the layouts of its versions 2 and 3."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

IMPORTER = IMPORTERS['pro-gan-pth']
WIDTHS = (12, 12, 6, 3)  # of 4, 8, 16, 32 pixels
NUM_SIDES = len(WIDTHS)
NOISE = 10
VERSIONS = pytest.mark.parametrize('version', [2, 3])


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)  # rounding grows where a pixel norm divides by little
    yield
    torch.set_default_dtype(torch.float32)


def layer(name, out_channels, in_channels, side, transposed=False):
    shape = (in_channels, out_channels) if transposed else (out_channels, in_channels)
    return {f'{name}.weight': torch.randn(*shape, side, side), f'{name}.bias': torch.randn(out_channels)}


def generator_names(version, num=NUM_SIDES):
    if version == 3:
        return [f'layers.{n}' for n in range(num)]
    return ['initial_block', *(f'layers.{n}' for n in range(num - 1))]


def critic_names(version, num=NUM_SIDES):
    """The names of blocks and of layers from RGB, by the number of the side."""
    if version == 3:
        return [f'layers.{num - 1 - n}' for n in range(num)], [f'from_rgb.{num - 1 - n}.0' for n in range(num)]
    return ['final_block', *(f'layers.{n}' for n in range(num - 1))], [f'rgb_to_features.{n}' for n in range(num)]


def generator_tensors(version, noise_size=NOISE):
    first, *others = generator_names(version)
    tensors = layer(f'{first}.conv_1', WIDTHS[0], noise_size, 4, transposed=True)
    tensors |= layer(f'{first}.conv_2', WIDTHS[0], WIDTHS[0], 3)
    for n, name in enumerate(others, 1):
        tensors |= layer(f'{name}.conv_1', WIDTHS[n], WIDTHS[n - 1], 3)
        tensors |= layer(f'{name}.conv_2', WIDTHS[n], WIDTHS[n], 3)
    for n, width in enumerate(WIDTHS):
        tensors |= layer(f'rgb_converters.{n}', 3, width, 1)
    return tensors


def critic_tensors(version, head=9):
    (last, *others), from_rgb = critic_names(version)
    tensors = layer(f'{last}.conv_1', WIDTHS[0], WIDTHS[0] + 1, 3)
    tensors |= layer(f'{last}.conv_2', head, WIDTHS[0], 4)
    tensors |= layer(f'{last}.conv_3', 1, head, 1)
    for n, name in enumerate(others, 1):
        tensors |= layer(f'{name}.conv_1', WIDTHS[n], WIDTHS[n], 3)
        tensors |= layer(f'{name}.conv_2', WIDTHS[n - 1], WIDTHS[n], 3)
    for name, width in zip(from_rgb, WIDTHS, strict=True):
        tensors |= layer(name, width, 3, 1)
    return tensors


class Reference:
    """The functions of that project's networks, on a state dict."""

    def __init__(self, tensors, version, equalised=True):
        self.tensors = tensors
        self.version = version
        self.equalised = equalised

    def scale(self, fan_in):
        return math.sqrt(2 / fan_in) if self.equalised else 1.0

    def conv(self, x, name, padding=0):
        weight = self.tensors[f'{name}.weight']
        return F.conv2d(x, weight * self.scale(weight[0].numel()), self.tensors[f'{name}.bias'], padding=padding)

    @staticmethod
    def norm(x):
        return x / x.square().mean(1, keepdim=True).add(1e-8).sqrt()

    def generate(self, z, top, alpha=1.0):
        first, *others = generator_names(self.version)
        x = z[:, :, None, None]
        x = self.norm(x) if self.version == 3 else x
        weight = self.tensors[f'{first}.conv_1.weight']
        x = F.conv_transpose2d(x, weight * self.scale(weight.shape[0]), self.tensors[f'{first}.conv_1.bias'])
        x = self.norm(F.leaky_relu(self.conv(F.leaky_relu(x, 0.2), f'{first}.conv_2', 1), 0.2))
        if top == 0:
            return self.conv(x, 'rgb_converters.0')
        for name in others[:top]:
            previous, x = x, F.interpolate(x, scale_factor=2)
            x = self.norm(F.leaky_relu(self.conv(x, f'{name}.conv_1', 1), 0.2))
            x = self.norm(F.leaky_relu(self.conv(x, f'{name}.conv_2', 1), 0.2))
        old = F.interpolate(self.conv(previous, f'rgb_converters.{top - 1}'), scale_factor=2)
        return alpha * self.conv(x, f'rgb_converters.{top}') + (1 - alpha) * old

    def score(self, images, alpha=1.0):
        (last, *others), from_rgb = critic_names(self.version)
        top = int(math.log2(images.shape[-1])) - 2

        def features(images, n):
            x = self.conv(images, from_rgb[n])
            return F.leaky_relu(x, 0.2) if self.version == 3 else x

        x = features(images, top)
        for n in range(top, 0, -1):
            x = F.leaky_relu(self.conv(x, f'{others[n - 1]}.conv_1', 1), 0.2)
            x = F.avg_pool2d(F.leaky_relu(self.conv(x, f'{others[n - 1]}.conv_2', 1), 0.2), 2)
            if n == top:
                x = alpha * x + (1 - alpha) * features(F.avg_pool2d(images, 2), n - 1)
        group = min(len(x), 4) if self.version == 3 else len(x)
        y = x.reshape(group, -1, *x.shape[1:])
        y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3))
        x = torch.cat([x, y.repeat(group)[:, None, None, None].expand(-1, 1, 4, 4)], 1)
        x = F.leaky_relu(self.conv(x, f'{last}.conv_1', 1), 0.2)
        x = F.leaky_relu(self.conv(x, f'{last}.conv_2'), 0.2)
        return self.conv(x, f'{last}.conv_3').flatten()


def network(tensors, name):
    assert IMPORTER.recognises(tensors)
    imported = IMPORTER.convert(tensors)
    built = MODELS.build(dict(imported.networks[name]))
    built.load_state_dict(imported.state_dicts[name])
    return built.eval(), imported


def assert_same(actual, expected):
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() < 1e-8 * expected.std()


@VERSIONS
@torch.no_grad()
def test_generator(version):
    tensors = generator_tensors(version)
    net, imported = network(tensors, 'generator')
    config = imported.networks['generator']
    assert (config['image_size'], config['noise_size'], config['out_channels']) == (32, NOISE, 3)
    assert (config['base_channels'], config['max_channels']) == (48, 12)
    assert sorted(imported.copied) == sorted(tensors)
    assert imported.unused == []
    assert imported.missing == ['critic']
    z, reference = torch.randn(5, NOISE), Reference(tensors, version)
    assert_same(net(z), reference.generate(z, 3))
    assert_same(net(z, alpha=0.3), reference.generate(z, 3, 0.3))
    assert_same(net(z, stage=16, alpha=0.6), reference.generate(z, 2, 0.6))
    assert_same(net(z, stage=4), reference.generate(z, 0))


@VERSIONS
@torch.no_grad()
def test_critic(version):
    tensors = critic_tensors(version)
    net, imported = network(tensors, 'critic')
    assert imported.networks['critic']['head_channels'] == 9
    assert sorted(imported.copied) == sorted(tensors)
    assert imported.unused == []
    assert imported.missing == ['generator']
    reference = Reference(tensors, version)
    for num in (3, 8):
        images = torch.randn(num, 3, 32, 32)
        assert_same(net(images), reference.score(images))
        small = torch.randn(num, 3, 16, 16)
        assert_same(net(small, stage=16, alpha=0.4), reference.score(small, 0.4))


@VERSIONS
def test_sides_that_were_not_reached_are_left_out(version):
    tensors = generator_tensors(version)
    names = generator_names(version)
    for n in (2, 3):
        for name in (f'{names[n]}.conv_1.bias', f'{names[n]}.conv_2.bias', f'rgb_converters.{n}.bias'):
            tensors[name] = torch.zeros_like(tensors[name])
    net, imported = network(tensors, 'generator')
    assert net.image_size == 8
    assert len(imported.unused) == 2 * 6
    assert set(imported.unused) | set(imported.copied) == set(tensors)
    z = torch.randn(4, NOISE)
    assert_same(net(z), Reference(tensors, version).generate(z, 1))

    tensors = critic_tensors(version)
    names, from_rgb = critic_names(version)
    for name in (f'{names[3]}.conv_1.bias', f'{names[3]}.conv_2.bias', f'{from_rgb[3]}.bias'):
        tensors[name] = torch.zeros_like(tensors[name])
    net, imported = network(tensors, 'critic')
    assert net.image_size == 16
    assert len(imported.unused) == 6
    images = torch.randn(4, 3, 16, 16)
    assert_same(net(images), Reference(tensors, version).score(images))


@VERSIONS
def test_a_network_as_it_was_built_is_taken_whole(version):
    for tensors in (generator_tensors(version), critic_tensors(version)):
        for name, tensor in tensors.items():
            if name.endswith('.bias'):
                tensor.zero_()
        (config,) = IMPORTER.convert(tensors).networks.values()
        assert config['image_size'] == 32


def wrapped(tensors, **conf):
    return {'conf': {'depth': 5, 'use_eql': True, **conf}, 'state_dict': tensors}


def test_file_of_version_3(tmp_path):
    live, ema, critic = generator_tensors(3), generator_tensors(3), critic_tensors(3)
    content = {'generator': wrapped(live), 'shadow_generator': wrapped(ema), 'discriminator': wrapped(critic)}
    content['gen_optim'] = {'state': {}, 'param_groups': [{'lr': 0.003}]}
    torch.save(content, tmp_path / 'depth_5_epoch_2.bin')
    imported = import_checkpoint(None, tmp_path / 'depth_5_epoch_2.bin', tmp_path / 'out.pth')
    assert imported.source == 'pro-gan-pth'
    assert imported.missing == []
    saved = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    assert torch.equal(saved['generator.input_conv.weight'], live['layers.0.conv_2.weight'])
    assert torch.equal(saved['ema.generator.input_conv.weight'], ema['layers.0.conv_2.weight'])
    assert torch.equal(saved['critic.head_conv.weight'], critic['layers.3.conv_1.weight'])


def test_files_of_version_2(tmp_path):
    live, ema, critic = generator_tensors(2), generator_tensors(2), critic_tensors(2)
    parallel = {f'module.{name}': tensor for name, tensor in live.items()}
    files = {'GAN_GEN_3.pth': parallel, 'GAN_GEN_ema_3.pth': ema, 'GAN_DIS_3.pth': critic}
    for name, tensors in files.items():
        torch.save(tensors, tmp_path / name)
    imported = import_checkpoint(None, [tmp_path / name for name in files])
    assert imported.missing == []
    assert torch.equal(imported.state_dicts['generator']['input_conv.weight'], live['initial_block.conv_2.weight'])
    assert torch.equal(imported.state_dicts['ema.generator']['input_conv.weight'], ema['initial_block.conv_2.weight'])


@torch.no_grad()
def test_file_of_networks_without_equalised_layers():
    scale = 0.3
    tensors = {name: tensor * scale for name, tensor in generator_tensors(3).items()}
    (unwrapped,) = IMPORTER.unwrap({'generator': wrapped(tensors, use_eql=False)}).values()
    net, _ = network(unwrapped, 'generator')
    z = torch.randn(4, NOISE)
    assert_same(net(z), Reference(tensors, 3, equalised=False).generate(z, 3))
    tensors = {name: tensor * scale for name, tensor in critic_tensors(3).items()}
    (unwrapped,) = IMPORTER.unwrap({'discriminator': wrapped(tensors, use_eql=False)}).values()
    net, _ = network(unwrapped, 'critic')
    images = torch.randn(4, 3, 32, 32)
    assert_same(net(images), Reference(tensors, 3, equalised=False).score(images))


def test_what_cannot_be_imported():
    tensors = generator_tensors(3)
    del tensors['layers.1.conv_2.bias']
    with pytest.raises(ValueError, match=r'layers\.1\.conv_2\.bias is not in the file'):
        IMPORTER.convert(tensors)
    with pytest.raises(ValueError, match=r'no place for the tensors extra\.weight'):
        IMPORTER.convert({**critic_tensors(3), 'extra.weight': torch.zeros(1)})
    with pytest.raises(ValueError, match=r'label_embedder\.weight is of a critic with classes'):
        IMPORTER.convert({**critic_tensors(3), 'layers.3.label_embedder.weight': torch.zeros(2, 9)})
    old = {'initial_block.conv_1.deconv.weight': torch.zeros(4, 4, 4, 4)}
    assert IMPORTER.recognises(old)
    with pytest.raises(ValueError, match='as version 1 wrote it'):
        IMPORTER.convert(old)
