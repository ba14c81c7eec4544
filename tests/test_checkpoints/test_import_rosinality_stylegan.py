"""The importer of rosinality's StyleGAN, against a formulation of its networks in its own layout."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

IMPORTER = IMPORTERS['rosinality-stylegan']
WIDTHS = (12, 12, 6, 3)  # of 4, 8, 16, 32 pixels
STYLE = 10
KERNEL = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float64) / 16


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)  # rounding grows where a pixel norm divides by little
    yield
    torch.set_default_dtype(torch.float32)


def layer(name, *shape):
    return {f'{name}.weight_orig': torch.randn(*shape), f'{name}.bias': torch.randn(shape[0])}


def blur(name, channels):
    kernel = KERNEL.repeat(channels, 1, 1, 1)
    return {f'{name}.weight': kernel, f'{name}.weight_flip': kernel.clone()}


def generator_tensors(fused=(3,), num_mapping_layers=2):
    """Returns the tensors of a generator; ``fused`` has the numbers of the blocks with a fused up-sampling."""
    tensors = {}
    for n in range(num_mapping_layers):
        tensors |= layer(f'style.{2 * n + 1}.linear', STYLE, STYLE)
    for n, width in enumerate(WIDTHS):
        name = f'generator.progression.{n}'
        if n == 0:
            tensors[f'{name}.conv1.input'] = torch.randn(1, width, 4, 4)
        elif n in fused:
            tensors[f'{name}.conv1.0.weight'] = torch.randn(WIDTHS[n - 1], width, 3, 3)
            tensors[f'{name}.conv1.0.bias'] = torch.randn(width)
            tensors |= blur(f'{name}.conv1.1', width)
        else:
            tensors |= layer(f'{name}.conv1.1.conv', width, WIDTHS[n - 1], 3, 3)
            tensors |= blur(f'{name}.conv1.2', width)
        tensors |= layer(f'{name}.conv2.conv', width, width, 3, 3)
        for i in (1, 2):
            tensors[f'{name}.noise{i}.weight_orig'] = torch.randn(1, width, 1, 1)
            tensors |= layer(f'{name}.adain{i}.style.linear', 2 * width, STYLE)
        tensors |= layer(f'generator.to_rgb.{n}.conv', 3, width, 1, 1)
    return tensors


def critic_tensors(fused=(3,), activation=True):
    """Returns the tensors of a critic; ``fused`` has the numbers of the sides 4, 8, ... with a fused down-sampling."""
    tensors = {}
    for n, width in enumerate(WIDTHS):
        index = len(WIDTHS) - 1 - n
        tensors |= layer(f'from_rgb.{index}{".0" if activation else ""}.conv', width, 3, 1, 1)
        name = f'progression.{index}'
        if n == 0:
            tensors |= layer(f'{name}.conv1.0.conv', width, width + 1, 3, 3)
            tensors |= layer(f'{name}.conv2.0.conv', width, width, 4, 4)
            continue
        tensors |= layer(f'{name}.conv1.0.conv', WIDTHS[n - 1], width, 3, 3)
        tensors |= blur(f'{name}.conv2.0', WIDTHS[n - 1])
        if n in fused:
            tensors[f'{name}.conv2.1.weight'] = torch.randn(WIDTHS[n - 1], WIDTHS[n - 1], 3, 3)
            tensors[f'{name}.conv2.1.bias'] = torch.randn(WIDTHS[n - 1])
        else:
            tensors |= layer(f'{name}.conv2.1.conv', WIDTHS[n - 1], WIDTHS[n - 1], 3, 3)
    return tensors | layer('linear.linear', 1, WIDTHS[0])


class Reference:
    """The functions of that project's networks, on a state dict."""

    def __init__(self, tensors):
        self.tensors = tensors

    def equal(self, name):
        weight = self.tensors[f'{name}.weight_orig']
        return weight * math.sqrt(2 / (weight.shape[1] * weight[0][0].numel()))

    def conv(self, x, name, padding=1):
        return F.conv2d(x, self.equal(name), self.tensors[f'{name}.bias'], padding=padding)

    def linear(self, x, name):
        return F.linear(x, self.equal(name), self.tensors[f'{name}.bias'])

    def fused_kernel(self, name, fan_in):
        kernel = self.tensors[f'{name}.weight'] * math.sqrt(2 / fan_in)
        spread = torch.zeros(*kernel.shape[:2], 4, 4)
        for i in (0, 1):
            for j in (0, 1):
                spread[:, :, i : i + 3, j : j + 3] += kernel / 4
        return spread

    def blur(self, x, name):
        return F.conv2d(x, self.tensors[f'{name}.weight'], padding=1, groups=x.shape[1])

    def map_noise(self, z):
        w = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
        for n in range(sum(name.startswith('style.') for name in self.tensors) // 2):
            w = F.leaky_relu(self.linear(w, f'style.{2 * n + 1}.linear'), 0.2)
        return w

    def styled(self, x, name, i, w, noise):
        x = F.leaky_relu(x + self.equal(f'{name}.noise{i}') * noise, 0.2)
        mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
        scale, offset = self.linear(w, f'{name}.adain{i}.style.linear')[:, :, None, None].chunk(2, 1)
        return scale * (x - mean) / (var + 1e-5).sqrt() + offset

    def generate(self, styles, noise, step, alpha=-1):
        """``styles`` has the w of every block."""
        for n in range(step + 1):
            name = f'generator.progression.{n}'
            if n == 0:
                x = self.tensors[f'{name}.conv1.input'].repeat(len(styles[0]), 1, 1, 1)
            else:
                previous = x
                if f'{name}.conv1.0.weight' in self.tensors:
                    kernel = self.fused_kernel(f'{name}.conv1.0', x.shape[1] * 9)
                    bias = self.tensors[f'{name}.conv1.0.bias']
                    x = self.blur(F.conv_transpose2d(x, kernel, bias, stride=2, padding=1), f'{name}.conv1.1')
                else:
                    x = self.conv(F.interpolate(x, scale_factor=2, mode='nearest'), f'{name}.conv1.1.conv')
                    x = self.blur(x, f'{name}.conv1.2')
            x = self.styled(x, name, 1, styles[n], noise[n])
            x = self.styled(self.conv(x, f'{name}.conv2.conv'), name, 2, styles[n], noise[n])
        images = self.conv(x, f'generator.to_rgb.{step}.conv', 0)
        if step > 0 and 0 <= alpha < 1:
            old = F.interpolate(self.conv(previous, f'generator.to_rgb.{step - 1}.conv', 0), scale_factor=2)
            images = (1 - alpha) * old + alpha * images
        return images

    def features(self, images, index):
        if f'from_rgb.{index}.0.conv.bias' in self.tensors:
            return F.leaky_relu(self.conv(images, f'from_rgb.{index}.0.conv', 0), 0.2)
        return self.conv(images, f'from_rgb.{index}.conv', 0)

    def score(self, images, step, alpha=-1):
        x = self.features(images, len(WIDTHS) - 1 - step)
        for n in range(step, -1, -1):
            index = len(WIDTHS) - 1 - n
            name = f'progression.{index}'
            if n == 0:
                deviation = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
                x = torch.cat([x, deviation.expand(len(x), 1, 4, 4)], 1)
                x = F.leaky_relu(self.conv(x, f'{name}.conv1.0.conv'), 0.2)
                x = F.leaky_relu(self.conv(x, f'{name}.conv2.0.conv', 0), 0.2)
                continue
            x = self.blur(F.leaky_relu(self.conv(x, f'{name}.conv1.0.conv'), 0.2), f'{name}.conv2.0')
            if f'{name}.conv2.1.weight' in self.tensors:
                kernel = self.fused_kernel(f'{name}.conv2.1', x.shape[1] * 9)
                x = F.conv2d(x, kernel, self.tensors[f'{name}.conv2.1.bias'], stride=2, padding=1)
            else:
                x = F.avg_pool2d(self.conv(x, f'{name}.conv2.1.conv'), 2)
            x = F.leaky_relu(x, 0.2)
            if n == step and 0 <= alpha < 1:
                x = (1 - alpha) * self.features(F.avg_pool2d(images, 2), index + 1) + alpha * x
        return self.linear(x.flatten(1), 'linear.linear')[:, 0]


def network(tensors, name):
    assert IMPORTER.recognises(tensors)
    imported = IMPORTER.convert(tensors)
    built = MODELS.build(dict(imported.networks[name]))
    built.load_state_dict(imported.state_dicts[name])
    return built.eval(), imported


def assert_same(actual, expected):
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() < 1e-8 * expected.std()


def noise_maps(num):
    maps = [torch.randn(num, 1, 4 * 2**n, 4 * 2**n) for n in range(len(WIDTHS))]
    return maps, {4 * 2**n: noise for n, noise in enumerate(maps)}


@pytest.mark.parametrize('fused', [(), (3,), (2, 3), (1, 2, 3)])
@torch.no_grad()
def test_generator(fused):
    tensors = generator_tensors(fused)
    net, imported = network(tensors, 'generator')
    assert imported.networks['generator'] == dict(
        type='StyleGANGenerator', image_size=32, noise_size=10, num_mapping_layers=2, base_channels=48,
        max_channels=12, out_channels=3, fused_from=4 * 2 ** fused[0] if fused else None,
    )  # fmt: skip
    assert sorted(imported.copied) == sorted(tensors)
    assert imported.unused == []
    assert imported.missing == ['critic']
    reference = Reference(tensors)
    first, second = torch.randn(3, STYLE), torch.randn(3, STYLE)
    theirs, ours = noise_maps(3)
    w = [reference.map_noise(first)] * 4
    assert_same(net(first, noise_maps=ours), reference.generate(w, theirs, 3))
    assert_same(net(first, noise_maps=ours, alpha=0.3), reference.generate(w, theirs, 3, 0.3))
    del ours[32]
    assert_same(net(first, noise_maps=ours, stage=16, alpha=0.6), reference.generate(w, theirs, 2, 0.6))
    mixed = [w[0], w[0], reference.map_noise(second)]
    actual = net(first, noise_maps=ours, stage=16, mixing_noise=second, crossover=16)
    assert_same(actual, reference.generate(mixed, theirs, 2))
    mean = torch.randn(1, STYLE)
    truncated = [mean + 0.7 * (w[0] - mean)] * 4
    actual = net(first, noise_maps=ours, stage=16, truncation=0.7, mean_style=mean)
    assert_same(actual, reference.generate(truncated, theirs, 2))


@pytest.mark.parametrize('activation', [False, True])
@pytest.mark.parametrize('fused', [(), (3,), (2, 3)])
@torch.no_grad()
def test_critic(fused, activation):
    tensors = critic_tensors(fused, activation)
    net, imported = network(tensors, 'critic')
    assert imported.networks['critic']['from_rgb_activation'] is activation
    assert sorted(imported.copied) == sorted(tensors)
    assert imported.unused == []
    assert imported.missing == ['generator']
    reference = Reference(tensors)
    images, small = torch.randn(5, 3, 32, 32), torch.randn(5, 3, 16, 16)
    assert_same(net(images), reference.score(images, 3))
    assert_same(net(images, alpha=0.4), reference.score(images, 3, 0.4))
    assert_same(net(small, stage=16, alpha=0.4), reference.score(small, 2, 0.4))


def untouched(tensors, prefixes):
    """Sets the biases and noise weights of some layers back to what they are initialised with."""
    for name, tensor in tensors.items():
        if name.startswith(prefixes):
            if 'noise' in name or name.endswith('.bias'):
                tensor.zero_()
            if name.endswith('style.linear.bias'):
                tensor[: len(tensor) // 2] = 1


@torch.no_grad()
def test_sides_that_were_not_reached_are_left_out():
    tensors = generator_tensors()
    untouched(
        tensors, ('generator.progression.2.', 'generator.progression.3.', 'generator.to_rgb.2', 'generator.to_rgb.3')
    )
    net, imported = network(tensors, 'generator')
    assert net.image_size == 8
    assert set(imported.copied) | set(imported.unused) == set(tensors)
    assert all('.2.' in name or '.3.' in name for name in imported.unused)
    reference, z = Reference(tensors), torch.randn(3, STYLE)
    theirs, ours = noise_maps(3)
    actual = net(z, noise_maps={side: ours[side] for side in (4, 8)})
    assert_same(actual, reference.generate([reference.map_noise(z)] * 2, theirs, 1))

    tensors = critic_tensors()
    untouched(tensors, ('progression.0.', 'from_rgb.0.'))
    net, imported = network(tensors, 'critic')
    assert net.image_size == 16
    assert all('.0.' in name for name in imported.unused)
    images = torch.randn(4, 3, 16, 16)
    assert_same(net(images), Reference(tensors).score(images, 2))


def test_a_network_as_it_was_built_is_taken_whole():
    tensors = generator_tensors()
    untouched(tensors, ('generator.',))
    assert IMPORTER.convert(tensors).networks['generator']['image_size'] == 32
    tensors = critic_tensors()
    untouched(tensors, ('progression.', 'from_rgb.'))
    assert IMPORTER.convert(tensors).networks['critic']['image_size'] == 32


def test_file(tmp_path):
    live, running, critic = generator_tensors(), generator_tensors(), critic_tensors()
    content = {'generator': live, 'g_running': running, 'discriminator': critic, 'g_optimizer': {'state': {}}}
    torch.save(content, tmp_path / 'train_step-7.model')
    imported = import_checkpoint(None, tmp_path / 'train_step-7.model', tmp_path / 'out.pth')
    assert imported.source == 'rosinality-stylegan'
    assert imported.missing == []
    saved = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    assert torch.equal(saved['generator.mapping.0.weight'], live['style.1.linear.weight_orig'])
    assert torch.equal(saved['ema.generator.mapping.0.weight'], running['style.1.linear.weight_orig'])
    assert torch.equal(saved['critic.score_head.weight'], critic['linear.linear.weight_orig'])

    torch.save(running, tmp_path / '010000.model')  # as it is saved between the steps
    imported = import_checkpoint(None, tmp_path / '010000.model')
    assert imported.missing == ['critic']


def test_what_cannot_be_imported():
    tensors = generator_tensors()
    with pytest.raises(ValueError, match=r'progression\.2\.conv2\.conv\.bias is not in the file'):
        IMPORTER.convert({k: v for k, v in tensors.items() if k != 'generator.progression.2.conv2.conv.bias'})
    with pytest.raises(ValueError, match=r'no place for the tensors extra\.weight'):
        IMPORTER.convert({**tensors, 'extra.weight': torch.zeros(1)})
    box = torch.full((3, 1, 3, 3), 1 / 9)
    with pytest.raises(ValueError, match=r'conv1\.1 is another kernel'):
        IMPORTER.convert({**tensors, 'generator.progression.3.conv1.1.weight': box})
    with pytest.raises(ValueError, match=r'fused at the sides \[8, 32\]'):
        IMPORTER.convert(generator_tensors(fused=(1, 3)))
    old = {'generator.progression.1.conv1.conv.weight_orig': torch.zeros(12, 12, 3, 3)}
    with pytest.raises(ValueError, match='from before up-sampling and blur were part of the blocks'):
        IMPORTER.convert({**tensors, **old})
    old = {'linear.linear.weight_orig': torch.zeros(1, 512)}
    old['progression.0.conv.0.conv.weight_orig'] = torch.zeros(256, 128, 3, 3)
    assert IMPORTER.recognises(old)
    with pytest.raises(ValueError, match='from before up-sampling'):
        IMPORTER.convert(old)
