"""The SNGAN networks: sizes, against an independent formulation, projection, spectral norms, errors."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.backbones.sngan import (
    SNGANDiscriminator,
    SNGANGenerator,
    default_critic_mults,
    default_generator_mults,
)
from mmgentransfer.models.layers.spectral import raw_weight
from mmgentransfer.registry import MODELS


def num_parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def small_generator(**kwargs) -> SNGANGenerator:
    torch.manual_seed(0)
    network = SNGANGenerator(**{**dict(image_size=32, base_channels=4, noise_size=16), **kwargs})
    network.init_weights()
    return network


def small_critic(**kwargs) -> SNGANDiscriminator:
    torch.manual_seed(0)
    network = SNGANDiscriminator(**{**dict(image_size=32, base_channels=4), **kwargs})
    network.init_weights()
    return network


def randomise(network: torch.nn.Module) -> None:
    """Moves everything that initialisation makes trivial: biases, norms, running statistics."""
    generator = torch.Generator().manual_seed(5)
    for name, tensor in network.state_dict().items():
        if name.endswith('running_var'):
            tensor.uniform_(0.5, 2.0, generator=generator)
        elif tensor.is_floating_point() and tensor.ndim < 2 and not name.endswith(('._u', '._v')):
            tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator))


@pytest.mark.parametrize(
    ('network', 'arguments', 'expected'),
    [
        (SNGANGenerator, dict(), 32_150_787),
        (SNGANDiscriminator, dict(), 29_017_857),
        (SNGANGenerator, dict(image_size=32, base_channels=4, noise_size=16), 19_747),
        (SNGANDiscriminator, dict(image_size=32, base_channels=4), 17_041),
        (SNGANGenerator, dict(image_size=32), 4_276_739),
        (SNGANGenerator, dict(image_size=64), 12_220_675),
        (SNGANDiscriminator, dict(image_size=64), 10_141_441),
        # 2 * (K - 1) more numbers for each of the 2 * 3 norms of 16 channels in blocks
        (SNGANGenerator, dict(image_size=32, base_channels=4, noise_size=16, num_classes=5), 19_747 + 6 * 2 * 4 * 16),
        (SNGANDiscriminator, dict(image_size=32, base_channels=4, num_classes=5), 17_041 + 5 * 16),
    ],
)
def test_number_of_parameters(network, arguments, expected):
    assert num_parameters(network(**arguments)) == expected


def test_usual_widths():
    assert default_generator_mults(128) == (16, 16, 8, 4, 2, 1)
    assert default_generator_mults(64) == (16, 8, 4, 2, 1)
    assert default_generator_mults(48) == (8, 4, 2, 1)
    assert default_generator_mults(32) == (4, 4, 4, 4)
    assert default_critic_mults(128) == ((1, 2, 4, 8, 16, 16), 5)
    assert default_critic_mults(64) == ((1, 2, 4, 8, 16), 5)
    assert default_critic_mults(48) == ((1, 2, 4, 8, 16), 4)
    assert default_critic_mults(256) == ((1, 2, 4, 8, 16, 16, 16), 6)
    assert default_critic_mults(32) == ((4, 4, 4, 4), 2)


@pytest.mark.parametrize('size', [8, 16, 32, 48, 64])
@pytest.mark.parametrize('num_classes', [0, 3])
def test_shapes(size, num_classes):
    generator = small_generator(image_size=size, base_channels=2, num_classes=num_classes, out_channels=1)
    critic = small_critic(image_size=size, base_channels=2, num_classes=num_classes, in_channels=1)
    labels = (torch.tensor([0, 2]),) if num_classes else ()
    images = generator(torch.randn(2, 16), *labels)
    assert images.shape == (2, 1, size, size)
    assert images.abs().max() <= 1
    assert critic(images, *labels).shape == (2,)


def test_registered():
    assert MODELS.get('SNGANGenerator') is SNGANGenerator
    assert MODELS.get('SNGANDiscriminator') is SNGANDiscriminator


@pytest.mark.parametrize('upsample', ['nearest', 'bilinear'])
def test_generator_equals_its_formulation_layer_by_layer(upsample):
    network = small_generator(upsample=upsample, num_classes=3).double().eval()
    randomise(network)
    p = network.state_dict()
    z, labels = torch.randn(2, 16, dtype=torch.float64), torch.tensor([2, 0])

    def double(x):
        if upsample == 'nearest':
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        # Between pixel centres: 3/4 of the nearer and 1/4 of the farther neighbour, with repeated borders.
        for dim in (2, 3):
            n = x.shape[dim]
            before = x.index_select(dim, torch.arange(n).sub(1).clamp(min=0))
            after = x.index_select(dim, torch.arange(n).add(1).clamp(max=n - 1))
            x = torch.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], dim + 1).flatten(dim, dim + 1)
        return x

    def norm(name, x):
        mean, var = p[f'{name}.running_mean'], p[f'{name}.running_var']
        x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        scale, offset = p[f'{name}.weight'], p[f'{name}.bias']
        if scale.ndim == 2:
            return x * scale[labels][:, :, None, None] + offset[labels][:, :, None, None]
        return x * scale[:, None, None] + offset[:, None, None]

    def convolve(name, x):
        return F.conv2d(x, p[f'{name}.weight'], p[f'{name}.bias'], padding=p[f'{name}.weight'].shape[2] // 2)

    x = (z @ p['input_linear.weight'].T + p['input_linear.bias']).reshape(2, 16, 4, 4)
    for i in range(3):
        h = convolve(f'blocks.{i}.conv1', double(norm(f'blocks.{i}.norm1', x).clamp(min=0)))
        h = convolve(f'blocks.{i}.conv2', norm(f'blocks.{i}.norm2', h).clamp(min=0))
        x = h + convolve(f'blocks.{i}.shortcut', double(x))
    expected = convolve('output_conv', norm('output_norm', x).clamp(min=0)).tanh()
    torch.testing.assert_close(network(z, labels), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize('relu_shortcut', [False, True])
def test_critic_equals_its_formulation_layer_by_layer(relu_shortcut):
    network = small_critic(num_classes=3, relu_shortcut=relu_shortcut).double().eval()
    randomise(network)
    p = network.state_dict()
    images, labels = torch.rand(2, 3, 32, 32, dtype=torch.float64) * 2 - 1, torch.tensor([2, 0])

    def weight(name):
        raw, key = p[f'{name}.parametrizations.weight.original'], f'{name}.parametrizations.weight.0'
        return raw / (p[f'{key}._u'] @ raw.flatten(1) @ p[f'{key}._v'])

    def convolve(name, x):
        return F.conv2d(x, weight(name), p[f'{name}.bias'], padding=weight(name).shape[2] // 2)

    def halve(x):
        return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4

    # first block: no ReLU in front
    h = convolve('blocks.0.conv2', convolve('blocks.0.conv1', images).clamp(min=0))
    x = halve(h) + convolve('blocks.0.shortcut', halve(images))
    for i in (1, 2, 3):
        h = convolve(f'blocks.{i}.conv2', convolve(f'blocks.{i}.conv1', x.clamp(min=0)).clamp(min=0))
        shortcut = x.clamp(min=0) if relu_shortcut else x
        x = halve(h) + halve(convolve('blocks.1.shortcut', shortcut)) if i == 1 else h + shortcut
    h = x.clamp(min=0).sum((2, 3))
    expected = h @ weight('score_head')[0] + p['score_head.bias'] + (weight('embedding')[labels] * h).sum(1)
    torch.testing.assert_close(network(images, labels), expected, rtol=1e-11, atol=1e-11)


def test_only_the_blocks_norms_are_conditional():
    network = small_generator(num_classes=4)
    shapes = {name: tuple(t.shape) for name, t in network.named_parameters() if 'norm' in name and 'weight' in name}
    assert shapes.pop('output_norm.weight') == (16,)
    assert set(shapes.values()) == {(4, 16)}
    assert len(shapes) == 6


def test_initial_weights_are_xavier_with_the_gains_of_the_blocks():
    generator, critic = small_generator(num_classes=2), small_critic(num_classes=2)
    for network in (generator, critic):
        for name, layer in network.named_modules():
            if not isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d, torch.nn.Embedding)):
                continue
            weight = raw_weight(layer)
            area = weight[0, 0].numel() if weight.ndim == 4 else 1
            gain = math.sqrt(2) if 'blocks' in name and 'conv' in name else 1.0
            bound = gain * math.sqrt(6 / ((weight.shape[0] + weight.shape[1]) * area))
            assert weight.abs().max() <= bound
            assert weight.abs().max() >= 0.8 * bound
            if getattr(layer, 'bias', None) is not None:
                assert not layer.bias.any()


def test_singular_values_follow_the_initial_weights():
    critic = small_critic().eval()
    for layer in critic.modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
            assert largest.item() == pytest.approx(1.0, abs=0.02)


def test_generator_has_no_spectral_norm():
    assert not any('parametrizations' in name for name in small_generator().state_dict())


def test_projection_can_be_switched_off():
    images = torch.rand(3, 3, 32, 32)
    with_labels = small_critic(num_classes=3).eval()
    without = small_critic(num_classes=3, projection=False).eval()
    without.load_state_dict(with_labels.state_dict())
    scores = [without(images, torch.full((3,), y)) for y in range(3)]
    assert torch.equal(scores[0], scores[1])
    assert torch.equal(scores[0], without(images))
    assert not torch.allclose(with_labels(images, torch.zeros(3, dtype=torch.int64)), scores[0])
    without.train()
    before = {name: tensor.clone() for name, tensor in without.embedding.state_dict().items()}
    without(images).sum().backward()
    assert raw_weight(without.embedding).grad is None
    assert not raw_weight(without.embedding).requires_grad
    assert all(torch.equal(before[name], tensor) for name, tensor in without.embedding.state_dict().items())
    assert raw_weight(without.score_head).grad is not None


def test_critic_changes_its_buffers_in_training_mode_only():
    critic = small_critic()
    images = torch.rand(2, 3, 32, 32)
    for training in (False, True):
        critic.train(training)
        before = {name: tensor.clone() for name, tensor in critic.named_buffers()}
        critic(images)
        after = dict(critic.named_buffers())
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        # The vectors of a matrix with one row, or one column, are +-1 from the start.
        assert bool(changed) is training


def test_score_of_an_image_does_not_depend_on_its_batch():
    critic = small_critic(num_classes=2).eval()
    images, labels = torch.rand(4, 3, 32, 32), torch.tensor([0, 1, 1, 0])
    alone = torch.cat([critic(images[i : i + 1], labels[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(critic(images, labels), alone, rtol=1e-4, atol=1e-4)


def test_wrong_arguments():
    with pytest.raises(ValueError, match='image_size=22 has no usual channel_mults'):
        SNGANGenerator(image_size=22)
    with pytest.raises(ValueError, match='image_size=4 has no usual channel_mults'):
        SNGANDiscriminator(image_size=4)
    with pytest.raises(ValueError, match='image_size=12 cannot be halved 3 times'):
        SNGANGenerator(image_size=12, channel_mults=(1, 1, 1, 1))
    with pytest.raises(ValueError, match='image_size=12 cannot be halved num_downs=3 times'):
        SNGANDiscriminator(image_size=12, channel_mults=(1, 1, 1))
    with pytest.raises(ValueError, match='num_downs=5 must be between 1 and the number of blocks, 4'):
        SNGANDiscriminator(image_size=32, num_downs=5)
    with pytest.raises(ValueError, match="upsample='cubic' is unknown"):
        SNGANGenerator(upsample='cubic')
    with pytest.raises(ValueError, match='base_channels=0'):
        SNGANGenerator(base_channels=0)


def test_wrong_inputs():
    generator, critic = small_generator(num_classes=2), small_critic(num_classes=2)
    with pytest.raises(ValueError, match='noise_size=16'):
        generator(torch.randn(2, 15), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match='num_classes=2 and needs labels'):
        generator(torch.randn(2, 16))
    with pytest.raises(ValueError, match='num_classes=2 and needs labels'):
        critic(torch.rand(2, 3, 32, 32))
    with pytest.raises(ValueError, match='image_size=32'):
        critic(torch.rand(2, 3, 16, 16), torch.tensor([0, 1]))
