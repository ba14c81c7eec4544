"""The StyleGAN networks."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.backbones import StyleGANDiscriminator, StyleGANGenerator
from mmgentransfer.models.layers.styled import StyledLayer
from mmgentransfer.registry import MODELS

SMALL = {'image_size': 32, 'base_channels': 128, 'max_channels': 16}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(module):
    return sum(p.numel() for p in module.parameters())


def meta(cls, **kwargs):
    with torch.device('meta'):
        return cls(**kwargs)


def generator(**kwargs):
    network = StyleGANGenerator(**{**SMALL, 'noise_size': 16, 'num_mapping_layers': 2, **kwargs})
    network.init_weights()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1 and '.style.' not in name:
                parameter.normal_()
    return network.eval()


def critic(**kwargs):
    network = StyleGANDiscriminator(**{**SMALL, **kwargs})
    network.init_weights()
    return network.eval()


class TestParameterCounts:
    def test_1024_pixels(self):
        assert count(meta(StyleGANGenerator, image_size=1024)) == 26_219_115
        assert count(meta(StyleGANDiscriminator, image_size=1024)) == 25_444_737

    def test_rows_at_256_pixels(self):
        net = meta(StyleGANGenerator)
        assert count(net.mapping) == 2_101_248
        assert count(net.input_block) == 3_419_648
        blocks = [count(block) for block in net.blocks.values()]
        assert blocks == [5_771_264, 5_771_264, 5_771_264, 2_295_808, 705_536, 242_176]
        assert count(net) - sum(count(net.to_rgb[str(side)]) for side in (4, 8, 16, 32, 64, 128)) == 26_078_403
        net = meta(StyleGANDiscriminator)
        assert count(net) - sum(count(net.from_rgb[str(side)]) for side in (4, 8, 16, 32, 64, 128)) == 25_365_505

    def test_widths(self):
        widths = {4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64}
        assert meta(StyleGANGenerator).tap_channels == widths
        assert meta(StyleGANDiscriminator).tap_channels == {r: c for r, c in widths.items() if r < 256}


class TestArguments:
    def test_wrong_ones(self):
        for cls in (StyleGANGenerator, StyleGANDiscriminator):
            with pytest.raises(ValueError, match='image_size=24 '):
                cls(image_size=24)
        with pytest.raises(ValueError, match="noise_mode='none'"):
            generator(noise_mode='none')
        with pytest.raises(ValueError, match='num_mapping_layers=0'):
            generator(num_mapping_layers=0)

    def test_from_the_registry(self):
        net = MODELS.build({'type': 'StyleGANGenerator', **SMALL})
        assert (net.noise_size, net.image_size, net.out_channels, net.num_classes) == (512, 32, 3, 0)
        net = MODELS.build({'type': 'StyleGANDiscriminator', **SMALL})
        assert (net.image_size, net.in_channels, net.num_classes, net.mixes_images) == (32, 3, 0, True)

    def test_initialisation(self):
        net = StyleGANGenerator(**SMALL, noise_size=16)
        net.init_weights()
        for layer in (m for m in net.modules() if isinstance(m, StyledLayer)):
            assert not layer.noise_weight.any()
            scale, offset = layer.style.bias.chunk(2)
            assert (scale == 1).all()
            assert not offset.any()

    def test_the_fixed_noise_is_no_part_of_a_checkpoint(self):
        assert not [name for name in generator().state_dict() if 'noise_map' in name]


class TestStyledLayer:
    @torch.no_grad()
    def test_statistics_follow_the_style(self):
        layer = StyledLayer(2, 3)
        layer.style.weight.zero_()
        layer.style.bias.copy_(torch.tensor([2.0, 5.0, -1.0, 7.0]))  # scales 2 and 5, offsets -1 and 7
        out = layer(torch.randn(4, 2, 16, 16), torch.randn(4, 3), None)
        torch.testing.assert_close(out.mean(dim=(2, 3)), torch.tensor([-1.0, 7.0]).expand(4, 2))
        deviations = out.var(dim=(2, 3), unbiased=False).sqrt()
        torch.testing.assert_close(deviations, torch.tensor([2.0, 5.0]).expand(4, 2), atol=1e-3, rtol=1e-3)

    @torch.no_grad()
    def test_noise_is_added_before_the_activation(self):
        layer = StyledLayer(2, 3)
        layer.noise_weight.copy_(torch.tensor([1.0, -3.0]))
        x, noise, style = torch.randn(1, 2, 4, 4), torch.randn(1, 1, 4, 4), torch.randn(1, 3)
        # the equalised scale of the noise weights is sqrt(2 / 2) = 1
        moved = x + torch.tensor([1.0, -3.0])[None, :, None, None] * noise
        torch.testing.assert_close(layer(x, style, noise), layer(moved, style, None))
        assert (layer(x, style, noise) - layer(x, style, None)).abs().max() > 0.1


class TestNoiseMaps:
    @torch.no_grad()
    def test_random(self):
        net, z = generator(), torch.randn(2, 16)
        assert (net(z) - net(z)).abs().max() > 1e-3

        def drawn(seed):
            return net(z, generator=torch.Generator().manual_seed(seed))

        assert torch.equal(drawn(3), drawn(3))
        assert (drawn(3) - drawn(4)).abs().max() > 1e-3

    @torch.no_grad()
    def test_fixed(self):
        z = torch.randn(3, 16)
        net = generator(noise_mode='fixed')
        torch.testing.assert_close(net(z)[1:], net(z[1:]))
        assert torch.equal(net.noise_map_16, generator().noise_map_16)
        maps = {side: getattr(net, f'noise_map_{side}') for side in (4, 8, 16, 32)}
        net.noise_mode = 'random'
        torch.testing.assert_close(net(z, noise_maps=maps), generator_like(net, 'fixed')(z))

    @torch.no_grad()
    def test_zero_and_given(self):
        z = torch.randn(2, 16)
        net = generator(noise_mode='zero')
        zeros = {side: torch.zeros(1, 1, side, side) for side in (4, 8, 16, 32)}
        torch.testing.assert_close(net(z), net(z, noise_maps=zeros))
        given = {8: torch.randn(2, 1, 8, 8)}  # the others are those of the mode
        torch.testing.assert_close(net(z, noise_maps=given), net(z, noise_maps={**zeros, **given}))
        assert (net(z, noise_maps=given) - net(z)).abs().max() > 1e-3

    def test_gradients_reach_the_maps(self):
        net = generator(noise_mode='zero')
        given = torch.randn(2, 1, 8, 8, requires_grad=True)
        net(torch.randn(2, 16), noise_maps={8: given}).square().mean().backward()
        assert given.grad.abs().max() > 0

    def test_wrong_ones(self):
        net, z = generator(), torch.randn(2, 16)
        with pytest.raises(ValueError, match=r'noise_maps\[8\].*\(3, 1, 8, 8\)'):
            net(z, noise_maps={8: torch.randn(3, 1, 8, 8)})
        with pytest.raises(ValueError, match=r'sides \[32\]; those of this pass are \[4, 8, 16\]'):
            net(z, noise_maps={32: torch.randn(2, 1, 32, 32)}, stage=16)


def generator_like(net, noise_mode):
    other = generator(noise_mode=noise_mode)
    other.load_state_dict(net.state_dict())
    return other


class TestStyles:
    @torch.no_grad()
    def test_mapping(self):
        net, z = generator(), torch.randn(4, 16)
        w = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
        for layer in net.mapping:
            w = F.leaky_relu(w @ layer.weight.T * (2 / 16) ** 0.5 + layer.bias, 0.2)
        torch.testing.assert_close(net.map_noise(z), w)
        torch.testing.assert_close(net.map_noise(2 * z), w)

    @torch.no_grad()
    def test_mixing(self):
        net = generator(noise_mode='zero')
        first, second = torch.randn(2, 16), torch.randn(2, 16)
        _, taps = net(first, return_taps=True)
        _, mixed = net(first, mixing_noise=second, crossover=16, return_taps=True)
        torch.testing.assert_close(mixed[4], taps[4])
        torch.testing.assert_close(mixed[8], taps[8])
        expected = net.blocks['16'](taps[8], net.map_noise(second), None)
        torch.testing.assert_close(mixed[16], expected)
        torch.testing.assert_close(net(first, mixing_noise=first), net(first))

    @torch.no_grad()
    def test_crossover_is_drawn_from_all_sides(self):
        net = generator(noise_mode='zero')
        first, second = torch.randn(1, 16), torch.randn(1, 16)
        possible = {side: net(first, mixing_noise=second, crossover=side) for side in (8, 16, 32)}
        drawn = set()
        for seed in range(20):
            images = net(first, mixing_noise=second, generator=torch.Generator().manual_seed(seed))
            (match,) = (side for side, expected in possible.items() if torch.equal(images, expected))
            drawn.add(match)
        assert drawn == {8, 16, 32}

    @torch.no_grad()
    def test_truncation(self):
        net, z = generator(noise_mode='zero'), torch.randn(2, 16)
        mean = net.mean_style(num=2000, generator=torch.Generator().manual_seed(0))
        assert mean.shape == (1, 16)
        draws = torch.randn(2000, 16, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(mean, net.map_noise(draws).mean(0, keepdim=True), atol=0.1, rtol=0)
        collapsed = net(z, truncation=0.0, mean_style=mean)
        torch.testing.assert_close(collapsed[0], collapsed[1])
        net.mapping[-1].weight.zero_()  # now every w is this one
        w = F.leaky_relu(net.mapping[-1].bias, 0.2)
        half = net(z, truncation=0.5, mean_style=torch.zeros(1, 16))
        with torch.no_grad():
            net.mapping[-1].bias.copy_(torch.where(w > 0, w / 2, w / 2 / 0.2))
        torch.testing.assert_close(half, net(z))

    def test_wrong_ones(self):
        net, z = generator(), torch.randn(2, 16)
        with pytest.raises(ValueError, match=r'truncation=0\.7 needs the mean_style'):
            net(z, truncation=0.7)
        with pytest.raises(ValueError, match='crossover=8 needs a mixing_noise'):
            net(z, crossover=8)
        with pytest.raises(ValueError, match=r'crossover=4 .*\[8, 16, 32\]'):
            net(z, mixing_noise=z, crossover=4)
        with pytest.raises(ValueError, match='mixing_noise has 1 rows'):
            net(z, mixing_noise=z[:1], crossover=8)
        with pytest.raises(ValueError, match='noise_size=16'):
            net(torch.randn(2, 15))
        with pytest.raises(ValueError, match='num_classes=0'):
            net(z, torch.zeros(2, dtype=torch.int64))


class TestGrowth:
    @torch.no_grad()
    def test_generator(self):
        net, z = generator(noise_mode='zero'), torch.randn(2, 16)
        old, new = net(z, stage=16), net(z)
        assert old.shape == (2, 3, 16, 16)
        assert new.shape == (2, 3, 32, 32)
        doubled = old.repeat_interleave(2, 2).repeat_interleave(2, 3)
        torch.testing.assert_close(net(z, alpha=0.0), doubled)
        torch.testing.assert_close(net(z, alpha=0.25), 0.75 * doubled + 0.25 * new, atol=1e-5, rtol=1e-5)
        assert net(z, stage=4, alpha=0.5).shape == (2, 3, 4, 4)

    @torch.no_grad()
    def test_critic(self):
        net, images = critic(), torch.randn(4, 3, 32, 32)
        torch.testing.assert_close(net(images, alpha=0.0), net(F.avg_pool2d(images, 2), stage=16))
        between = net(images, alpha=0.5)
        assert (between - net(images)).abs().max() > 1e-4
        assert (between - net(images, alpha=0.0)).abs().max() > 1e-4
        with pytest.raises(ValueError, match='at stage=16'):
            net(images, stage=16)


class TestTaps:
    @torch.no_grad()
    def test_generator(self):
        net, z = generator(noise_mode='zero'), torch.randn(2, 16)
        images, taps = net(z, return_taps=True)
        assert torch.equal(images, net(z))
        assert {side: tuple(x.shape) for side, x in taps.items()} == {
            side: (2, width, side, side) for side, width in net.tap_channels.items()
        }
        added = torch.randn_like(taps[16])
        changed, new = net(z, injected={16: added}, return_taps=True)
        torch.testing.assert_close(new[16], taps[16] + added)
        torch.testing.assert_close(new[32], net.blocks['32'](taps[16] + added, net.map_noise(z), None))
        torch.testing.assert_close(changed, net.to_rgb['32'](new[32]))
        with pytest.raises(ValueError, match=r'64.*\[4, 8, 16, 32\]'):
            net(z, injected={64: added})

    @torch.no_grad()
    def test_critic_features_do_not_depend_on_the_batch(self):
        net, images = critic(), torch.randn(4, 3, 32, 32)
        scores, taps = net(images, return_taps=True)
        _, alone = net(images[:1], return_taps=True)
        assert list(taps) == [16, 8, 4]
        for side, features in taps.items():
            assert features.shape == (4, net.tap_channels[side], side, side)
            torch.testing.assert_close(features[:1], alone[side], atol=1e-5, rtol=1e-5)
        assert scores.shape == (4,)
        assert (scores[:1] - net(images[:1])).abs().max() > 1e-4


class TestGradients:
    def test_generator_and_critic(self):
        net, judge = generator(image_size=8), critic(image_size=8)
        noise = torch.randn(4, 16, requires_grad=True)
        images = net(noise)
        (gradient,) = torch.autograd.grad(judge(images).sum(), images, create_graph=True)
        gradient.square().sum().backward()
        assert judge.blocks['8'].conv2.weight.grad.abs().max() > 0
        assert noise.grad.abs().max() > 0
        assert net.blocks['8'].layer1.noise_weight.grad.abs().max() > 0
        assert net.to_rgb['4'].weight.grad is None
