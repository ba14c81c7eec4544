"""The layers of progressively grown networks, and ProGAN."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.backbones import ProGANDiscriminator, ProGANGenerator
from mmgentransfer.models.layers import Blur, EqualizedConv2d, EqualizedLinear, MinibatchStdDev
from mmgentransfer.registry import MODELS

SQRT2 = math.sqrt(2)
WIDTHS = {'image_size': 32, 'base_channels': 256, 'max_channels': 32}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(module):
    return sum(p.numel() for p in module.parameters())


def meta(cls, **kwargs):
    with torch.device('meta'):
        return cls(**kwargs)


def built(cls, **kwargs):
    network = cls(**kwargs)
    network.init_weights()
    with torch.no_grad():  # biases that a wrong order of operations could not hide
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.normal_(std=0.3)
    return network.eval()


def generator(**kwargs):
    return built(ProGANGenerator, **{**WIDTHS, 'noise_size': 32, **kwargs})


def critic(**kwargs):
    return built(ProGANDiscriminator, **{**WIDTHS, **kwargs})


class TestLayers:
    def test_equalised_linear(self):
        layer = EqualizedLinear(4, 2)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 2.0]]))
            layer.bias.copy_(torch.tensor([0.5, 0.0]))
        # the scale is sqrt(2) / sqrt(4)
        expected = torch.tensor([[0.5 + 10 * math.sqrt(0.5), 2 * math.sqrt(0.5)]])
        torch.testing.assert_close(layer(torch.ones(1, 4)), expected)

    def test_weights_are_standard_normal(self):
        weight = EqualizedConv2d(64, 64).weight
        assert abs(weight.std() - 1) < 0.02
        assert abs(weight.mean()) < 0.02
        assert not EqualizedConv2d(64, 64).bias.any()
        # so that an output has the variance gain**2 of a unit input
        assert abs(EqualizedLinear(512, 512)(torch.randn(64, 512)).var() - 2) < 0.1
        assert abs(EqualizedLinear(512, 512, gain=1.0)(torch.randn(64, 512)).var() - 1) < 0.05

    @pytest.mark.parametrize('gain', [math.sqrt(2), 0.7])
    def test_resampling_is_fused_without_a_change(self, gain):
        x = torch.randn(2, 5, 6, 6)
        up = EqualizedConv2d(5, 3, gain=gain, resample='up')
        down = EqualizedConv2d(5, 3, gain=gain, resample='down')
        for layer in (up, down):
            torch.nn.init.normal_(layer.bias)
        scale = gain / math.sqrt(45)
        doubled = F.interpolate(x, scale_factor=2, mode='nearest')
        expected = F.conv2d(doubled, up.weight * scale, up.bias, padding=1)
        torch.testing.assert_close(up(x), expected, atol=1e-5, rtol=1e-5)
        expected = F.avg_pool2d(F.conv2d(x, down.weight * scale, down.bias, padding=1), 2)
        torch.testing.assert_close(down(x), expected, atol=1e-5, rtol=1e-5)

    def test_resampling_is_checked(self):
        with pytest.raises(ValueError, match="resample='sideways'"):
            EqualizedConv2d(2, 2, resample='sideways')
        with pytest.raises(ValueError, match='kernel_size=3'):
            EqualizedConv2d(2, 2, kernel_size=1, resample='up')

    def test_blur(self):
        x = torch.zeros(1, 2, 5, 5)
        x[0, 1, 2, 2] = 16
        blurred = Blur()(x)
        assert not blurred[0, 0].any()
        kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])
        torch.testing.assert_close(blurred[0, 1, 1:4, 1:4], kernel)
        assert not Blur().state_dict()

    def test_minibatch_std_of_the_whole_batch(self):
        # deviations over the batch: 1 for the first feature, 3 for the second, so 2 on average
        x = torch.tensor([[1.0, 2.0], [3.0, 8.0]])[:, :, None, None].expand(2, 2, 4, 4)
        out = MinibatchStdDev(None)(x)
        assert out.shape == (2, 3, 4, 4)
        torch.testing.assert_close(out[:, :2], x)
        torch.testing.assert_close(out[:, 2], torch.full((2, 4, 4), 2.0))

    def test_minibatch_std_groups_samples_that_are_apart(self):
        # of 8 samples in groups of 4, the even ones are one group and the odd ones the other
        x = torch.tensor([0.0, 1, 4, 1, 0, 1, 4, 1])[:, None, None, None].expand(8, 1, 2, 2)
        extra = MinibatchStdDev(4)(x)[:, 1, 0, 0]
        torch.testing.assert_close(extra, torch.tensor([2.0, 1e-4] * 4))

    def test_minibatch_std_of_an_odd_batch(self):
        assert MinibatchStdDev(4)(torch.randn(3, 2, 4, 4)).shape == (3, 3, 4, 4)
        with pytest.raises(ValueError, match=r'batch of 6 .*group_size=4'):
            MinibatchStdDev(4)(torch.randn(6, 2, 4, 4))
        with pytest.raises(ValueError, match='group_size=0'):
            MinibatchStdDev(0)

    def test_minibatch_std_has_finite_gradients_for_equal_samples(self):
        x = torch.ones(4, 3, 4, 4, requires_grad=True)
        MinibatchStdDev()(x).sum().backward()
        assert x.grad.isfinite().all()


class TestParameterCounts:
    @pytest.mark.parametrize(
        ('size', 'expected_generator', 'expected_critic'),
        [(1024, 23_079_115, 23_087_249), (256, 23_044_309, 23_052_353)],
    )
    def test_default_widths(self, size, expected_generator, expected_critic):
        assert count(meta(ProGANGenerator, image_size=size)) == expected_generator
        assert count(meta(ProGANDiscriminator, image_size=size)) == expected_critic

    def test_small(self):
        assert count(meta(ProGANGenerator, **WIDTHS, noise_size=32)) == 69_948
        assert count(meta(ProGANDiscriminator, **WIDTHS)) == 70_385
        # without the 3x3 convolution at 4x4, and with its input of one more map in the linear layer
        lost = 33 * 32 * 9 + 32 - 16 * 32
        assert count(meta(ProGANDiscriminator, **WIDTHS, head='mmgen')) == 70_385 - lost

    def test_widths(self):
        net = meta(ProGANGenerator)
        widths = {4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}
        assert net.tap_channels == widths
        assert meta(ProGANDiscriminator).tap_channels == {r: c for r, c in widths.items() if r < 1024}
        assert meta(ProGANGenerator, image_size=16, channels=(7, 5, 3)).tap_channels == {4: 7, 8: 5, 16: 3}


class TestArguments:
    @pytest.mark.parametrize('cls', [ProGANGenerator, ProGANDiscriminator])
    def test_wrong_ones(self, cls):
        for size in (4, 0, 48, -8):
            with pytest.raises(ValueError, match=f'image_size={size} '):
                cls(image_size=size)
        with pytest.raises(ValueError, match=r'base_channels=100 .*1024'):
            cls(image_size=1024, base_channels=100)
        with pytest.raises(ValueError, match=r'channels=\(4, 4\) must list 3'):
            cls(image_size=16, channels=(4, 4))
        with pytest.raises(ValueError, match="head='dense'"):
            ProGANDiscriminator(image_size=8, head='dense')

    def test_from_the_registry(self):
        net = MODELS.build({'type': 'ProGANGenerator', **WIDTHS})
        assert (net.noise_size, net.image_size, net.out_channels, net.num_classes) == (512, 32, 3, 0)
        net = MODELS.build({'type': 'ProGANDiscriminator', **WIDTHS})
        assert (net.image_size, net.in_channels, net.num_classes, net.mixes_images) == (32, 3, 0, True)

    def test_initialisation(self):
        net = ProGANGenerator(**WIDTHS, noise_size=32)
        torch.manual_seed(1)
        net.init_weights()
        first = {name: p.clone() for name, p in net.named_parameters()}
        net.init_weights()  # without effect
        for name, parameter in net.named_parameters():
            assert torch.equal(parameter, first[name])
            if parameter.ndim == 1:
                assert not parameter.any()
        assert abs(net.input_linear.weight.std() - 1) < 0.02


class TestGenerator:
    def test_against_an_explicit_formulation(self):
        net = generator(image_size=16)
        state = net.state_dict()

        def norm(x):
            return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()

        def conv(x, name, gain=SQRT2):
            weight = state[f'{name}.weight']
            scale = gain / math.sqrt(weight[0].numel())
            return F.conv2d(x, weight * scale, state[f'{name}.bias'], padding=weight.shape[-1] // 2)

        z = torch.randn(3, 32)
        x = norm(z) @ state['input_linear.weight'].T * (math.sqrt(2) / 4 / math.sqrt(32))
        x = x.reshape(3, 32, 4, 4) + state['input_bias'].reshape(1, 32, 1, 1)
        x = norm(F.leaky_relu(x, 0.2))
        x = norm(F.leaky_relu(conv(x, 'input_conv'), 0.2))
        images = {4: conv(x, 'to_rgb.4', gain=1)}
        for side in (8, 16):
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
            x = norm(F.leaky_relu(conv(x, f'blocks.{side}.conv1'), 0.2))
            x = norm(F.leaky_relu(conv(x, f'blocks.{side}.conv2'), 0.2))
            images[side] = conv(x, f'to_rgb.{side}', gain=1)
        with torch.no_grad():
            torch.testing.assert_close(net(z), images[16], atol=1e-5, rtol=1e-5)
            for side, expected in images.items():
                torch.testing.assert_close(net(z, stage=side), expected, atol=1e-5, rtol=1e-5)
            doubled = images[8].repeat_interleave(2, 2).repeat_interleave(2, 3)
            expected = 0.75 * doubled + 0.25 * images[16]
            torch.testing.assert_close(net(z, alpha=0.25), expected, atol=1e-5, rtol=1e-5)

    @torch.no_grad()
    def test_normalised_noise(self):
        z = torch.randn(2, 32)
        net = generator()
        torch.testing.assert_close(net(3 * z), net(z), atol=1e-4, rtol=1e-4)
        raw = generator(normalize_noise=False, normalize_input=False)
        assert (raw(3 * z) - raw(z)).abs().max() > 0.01

    @torch.no_grad()
    def test_norm_with_eps_beside_the_root(self):
        net = generator(rms_eps=0.5)
        x = torch.tensor([3.0, 4.0])[None, :, None, None]
        rms = math.sqrt(12.5)
        torch.testing.assert_close(net.norm(x).flatten(), torch.tensor([3.0, 4.0]) / (rms + 0.5))

    @torch.no_grad()
    def test_taps(self):
        net = generator()
        z = torch.randn(2, 32)
        images, taps = net(z, return_taps=True)
        assert torch.equal(images, net(z))
        assert {side: tuple(x.shape) for side, x in taps.items()} == {
            side: (2, width, side, side) for side, width in net.tap_channels.items()
        }
        added = torch.randn_like(taps[8])
        changed, new = net(z, injected={8: added}, return_taps=True)
        torch.testing.assert_close(new[8], taps[8] + added)
        torch.testing.assert_close(new[4], taps[4])
        block, to_rgb = net.blocks['16'], net.to_rgb['32']
        torch.testing.assert_close(new[16], block(taps[8] + added))
        torch.testing.assert_close(changed, to_rgb(new[32]))
        assert list(net(z, stage=8, return_taps=True)[1]) == [4, 8]

    def test_wrong_input(self):
        net = generator()
        z = torch.randn(2, 32)
        with pytest.raises(ValueError, match='noise_size=32'):
            net(torch.randn(2, 31))
        with pytest.raises(ValueError, match='num_classes=0'):
            net(z, torch.zeros(2, dtype=torch.int64))
        with pytest.raises(ValueError, match='stage=64'):
            net(z, stage=64)
        with pytest.raises(ValueError, match='stage=12'):
            net(z, stage=12)
        with pytest.raises(ValueError, match=r'alpha=1\.5'):
            net(z, alpha=1.5)
        with pytest.raises(ValueError, match=r'64.*\[4, 8, 16, 32\]'):
            net(z, injected={64: torch.zeros(2, 8, 64, 64)})
        with pytest.raises(ValueError, match='resolution 32, which is not reached at stage=8'):
            net(z, injected={32: torch.zeros(2, 8, 32, 32)}, stage=8)

    def test_only_the_layers_of_the_stage_have_gradients(self):
        net = generator()
        net(torch.randn(2, 32)).square().mean().backward()
        with_gradient = {name for name, p in net.named_parameters() if p.grad is not None}
        assert {name for name, _ in net.named_parameters()} - with_gradient == {
            f'to_rgb.{side}.{kind}' for side in (4, 8, 16) for kind in ('weight', 'bias')
        }


class TestCritic:
    @pytest.mark.parametrize('pool_first', [False, True])
    @pytest.mark.parametrize('head', ['original', 'mmgen'])
    def test_against_an_explicit_formulation(self, head, pool_first):
        net = critic(image_size=16, head=head, pool_before_activation=pool_first, head_channels=24)
        state = net.state_dict()

        def layer(x, name, gain=SQRT2):
            weight = state[f'{name}.weight']
            weight = weight * gain / math.sqrt(weight[0].numel())
            if weight.ndim == 2:
                return F.linear(x, weight, state[f'{name}.bias'])
            return F.conv2d(x, weight, state[f'{name}.bias'], padding=weight.shape[-1] // 2)

        def score(images, side, alpha=1.0):
            x = F.leaky_relu(layer(images, f'from_rgb.{side}'), 0.2)
            for r in (16, 8):
                if r > side:
                    continue
                x = F.leaky_relu(layer(x, f'blocks.{r}.conv1'), 0.2)
                x = layer(x, f'blocks.{r}.conv2')
                x = F.leaky_relu(F.avg_pool2d(x, 2), 0.2) if pool_first else F.avg_pool2d(F.leaky_relu(x, 0.2), 2)
                if r == side:
                    small = F.avg_pool2d(images, 2)
                    x = alpha * x + (1 - alpha) * F.leaky_relu(layer(small, f'from_rgb.{r // 2}'), 0.2)
            deviation = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
            x = torch.cat([x, deviation.expand(len(x), 1, 4, 4)], 1)
            if head == 'original':
                x = F.leaky_relu(layer(x, 'head_conv'), 0.2)
            x = F.leaky_relu(layer(x.flatten(1), 'head_linear'), 0.2)
            return layer(x, 'score_head', gain=1)[:, 0]

        with torch.no_grad():
            for side, alpha in ((16, 1.0), (16, 0.3), (8, 0.5), (4, 1.0)):
                images = torch.randn(4, 3, side, side)
                actual = net(images, stage=side, alpha=alpha)
                torch.testing.assert_close(actual, score(images, side, alpha), atol=1e-5, rtol=1e-5)

    @torch.no_grad()
    def test_score_depends_on_the_batch(self):
        net = critic()
        images = torch.randn(8, 3, 32, 32)
        together, apart = net(images), torch.cat([net(images[:4]), net(images[4:])])
        assert together.shape == (8,)
        assert (together - apart).abs().max() > 1e-4
        first = net(images[::2])  # the group that the even samples are in
        torch.testing.assert_close(together[::2], first, atol=1e-5, rtol=1e-5)

    @torch.no_grad()
    def test_taps(self):
        net = critic()
        images = torch.randn(2, 3, 32, 32)
        scores, taps = net(images, return_taps=True)
        assert torch.equal(scores, net(images))
        assert {side: tuple(x.shape) for side, x in taps.items()} == {
            side: (2, width, side, side) for side, width in net.tap_channels.items()
        }
        assert list(taps) == [16, 8, 4]

    def test_wrong_input(self):
        net = critic()
        with pytest.raises(ValueError, match=r'image_size=32 .*at stage=32'):
            net(torch.randn(2, 3, 16, 16))
        with pytest.raises(ValueError, match='at stage=16'):
            net(torch.randn(2, 3, 32, 32), stage=16)
        with pytest.raises(ValueError, match='num_classes=0'):
            net(torch.randn(2, 3, 32, 32), torch.zeros(2, dtype=torch.int64))

    def test_gradient_penalty_reaches_the_weights(self):
        net = critic(image_size=8)
        images = torch.randn(4, 3, 8, 8, requires_grad=True)
        (gradient,) = torch.autograd.grad(net(images).sum(), images, create_graph=True)
        gradient.square().sum().backward()
        assert net.blocks['8'].conv1.weight.grad.abs().max() > 0
