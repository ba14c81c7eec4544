"""The toy networks and the digit classifier."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.backbones import AnalyticGenerator, DigitClassifier, MLPCritic, MLPGenerator
from mmgentransfer.registry import MODELS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(module):
    return sum(p.numel() for p in module.parameters())


class TestMLPGenerator:
    def test_counts(self):
        # 8*64+64 + 64*128+128 + 128*64+64; ten one-hot inputs add 10*64
        assert count(MLPGenerator(dims=(8, 64, 128, 64), image_size=8)) == 17_152
        assert count(MLPGenerator(dims=(8, 64, 128, 64), image_size=8, num_classes=10)) == 17_792

    @pytest.mark.parametrize(('out_act', 'low'), [('sigmoid', 0), ('tanh', -1)])
    def test_definition(self, out_act, low):
        net = MLPGenerator(dims=(4, 16, 18), image_size=3, out_channels=2, num_classes=3, out_act=out_act)
        z, labels = torch.randn(5, 4) * 20, torch.tensor([0, 2, 1, 1, 0])
        h = torch.cat([z, torch.eye(3)[labels]], dim=1)
        first, second = net.layers
        h = (h @ first.weight.T + first.bias).clamp(min=0) @ second.weight.T + second.bias
        images = net(z, labels)
        torch.testing.assert_close(images, getattr(torch, out_act)(h).reshape(5, 2, 3, 3))
        assert low <= images.min() < low + 0.2
        assert (net.noise_size, net.num_classes, net.image_size, net.out_channels) == (4, 3, 3, 2)

    def test_errors(self):
        with pytest.raises(ValueError, match=r'dims=\(8, 63\).* = 64 last'):
            MLPGenerator(dims=(8, 63), image_size=8)
        with pytest.raises(ValueError, match='out_act=None'):
            MLPGenerator(dims=(8, 64), image_size=8, out_act=None)
        with pytest.raises(ValueError, match='noise_size=8'):
            MLPGenerator(dims=(8, 64), image_size=8)(torch.randn(2, 9))
        with pytest.raises(ValueError, match='num_classes=3 and needs labels'):
            MLPGenerator(dims=(8, 64), image_size=8, num_classes=3)(torch.randn(2, 8))
        with pytest.raises(ValueError, match='num_classes=0'):
            MLPGenerator(dims=(8, 64), image_size=8)(torch.randn(2, 8), torch.zeros(2, dtype=torch.int64))


class TestMLPCritic:
    def test_counts(self):
        # 64*128+128 + 128*64+64 + 64+1; ten one-hot inputs add 10*128
        assert count(MLPCritic(dims=(64, 128, 64, 1), image_size=8)) == 16_641
        assert count(MLPCritic(dims=(64, 128, 64, 1), image_size=8, num_classes=10)) == 17_921

    def test_definition(self):
        net = MLPCritic(dims=(18, 16, 1), image_size=3, in_channels=2, num_classes=3)
        images, labels = torch.randn(4, 2, 3, 3), torch.tensor([0, 2, 1, 1])
        h = torch.cat([images.reshape(4, 18), torch.eye(3)[labels]], dim=1)
        first, second = net.layers
        h = h @ first.weight.T + first.bias
        h = torch.where(h > 0, h, 0.2 * h)
        torch.testing.assert_close(net(images, labels), h @ second.weight[0] + second.bias)

    def test_errors(self):
        for dims in ((63, 1), (64, 2), (64,)):
            with pytest.raises(ValueError, match='= 64 first and 1'):
                MLPCritic(dims=dims, image_size=8)
        net = MLPCritic(dims=(64, 1), image_size=8)
        with pytest.raises(ValueError, match='image_size=8'):
            net(torch.randn(2, 64))
        with pytest.raises(ValueError, match='num_classes=0'):
            net(torch.randn(2, 1, 8, 8), torch.zeros(2, dtype=torch.int64))
        with pytest.raises(ValueError, match='num_classes=3 and needs labels'):
            MLPCritic(dims=(64, 1), image_size=8, num_classes=3)(torch.randn(2, 1, 8, 8))


def test_gradient_reaches_both_mlps():
    generator = MLPGenerator(dims=(8, 16, 16), image_size=4)
    critic = MLPCritic(dims=(16, 16, 1), image_size=4)
    critic(generator(torch.randn(16, 8))).sum().backward()
    for net in (generator, critic):
        assert all(p.grad.abs().max() > 0 for p in net.parameters())


class TestAnalyticGenerator:
    def test_definition(self):
        net = AnalyticGenerator(noise_size=8, image_size=8, seed=1)
        z = torch.randn(3, 8)
        logits = torch.tensor(
            [[sum(b * x for b, x in zip(row, vector)) for row in net.weight.tolist()] for vector in z.tolist()]
        )
        expected = 1 / (1 + torch.exp(-(net.offset + logits)))
        torch.testing.assert_close(net(z), expected.reshape(3, 1, 8, 8))

    def test_coefficients(self):
        net = AnalyticGenerator(image_size=64, seed=0)
        assert set(net.offset.tolist()) == {-2.0, 2.0}
        assert net.offset.mean().abs() < 0.2
        assert net.weight.shape == (4096, 8)
        assert net.weight.std().item() == pytest.approx(0.5, rel=0.02)

    def test_fixed_by_its_seed_without_touching_the_global_one(self):
        state = torch.get_rng_state()
        first, same, other = AnalyticGenerator(seed=1), AnalyticGenerator(seed=1), AnalyticGenerator(seed=2)
        assert torch.equal(state, torch.get_rng_state())
        assert torch.equal(first.weight, same.weight)
        assert torch.equal(first.offset, same.offset)
        assert not torch.equal(first.weight, other.weight)
        assert not torch.equal(first.offset, other.offset)

    def test_nothing_to_train_but_the_noise_gets_a_gradient(self):
        net = AnalyticGenerator()
        assert not list(net.parameters())
        assert set(net.state_dict()) == {'offset', 'weight'}
        z = torch.randn(2, 8, requires_grad=True)
        net(z).sum().backward()
        assert z.grad.abs().max() > 0

    def test_errors(self):
        with pytest.raises(ValueError, match='noise_size=8'):
            AnalyticGenerator()(torch.randn(2, 7))
        with pytest.raises(ValueError, match='num_classes=0'):
            AnalyticGenerator()(torch.randn(2, 8), torch.zeros(2, dtype=torch.int64))


class TestDigitClassifier:
    def test_counts(self):
        assert count(DigitClassifier()) == 857_738
        # 800+32 + 51,200+64 + 64*8*8*256+256 + 2,560+10
        assert count(DigitClassifier(image_size=32)) == 1_103_498

    @pytest.mark.parametrize('size', [28, 32])
    def test_shapes(self, size):
        net = DigitClassifier(image_size=size, in_channels=3, num_classes=7, width=4)
        images = torch.rand(2, 3, size, size)
        features = net.features(images)
        assert features.shape == (2, 32)
        assert net.feature_size == 32
        assert features.min() >= 0
        assert net(images).shape == (2, 7)

    def test_logits_are_the_head_of_the_features(self):
        net = DigitClassifier(width=4).eval()
        images = torch.rand(2, 1, 28, 28)
        torch.testing.assert_close(net(images), net.features(images) @ net.head[1].weight.T + net.head[1].bias)

    def test_dropout_acts_on_the_head_in_training_only(self):
        net = DigitClassifier(width=4)
        images = torch.rand(2, 1, 28, 28)
        assert not torch.equal(net(images), net(images))
        assert torch.equal(net.features(images), net.features(images))
        net.eval()
        assert torch.equal(net(images), net(images))

    def test_gradient_reaches_every_parameter(self):
        net = DigitClassifier(width=4)
        torch.nn.functional.cross_entropy(net(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
        assert all(p.grad.abs().max() > 0 for p in net.parameters())

    def test_errors(self):
        with pytest.raises(ValueError, match='image_size=30'):
            DigitClassifier(image_size=30)
        net = DigitClassifier(width=4)
        with pytest.raises(ValueError, match='image_size=28'):
            net(torch.rand(2, 1, 32, 32))
        with pytest.raises(ValueError, match='uint8'):
            net.features(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))


@pytest.mark.parametrize(
    'cfg',
    [
        {'type': 'MLPGenerator', 'dims': [2, 4], 'image_size': 2},
        {'type': 'MLPCritic', 'dims': [4, 1], 'image_size': 2},
        {'type': 'AnalyticGenerator'},
        {'type': 'DigitClassifier', 'width': 2},
    ],
    ids=lambda cfg: cfg['type'],
)
def test_registered(cfg):
    assert type(MODELS.build(dict(cfg))).__name__ == cfg['type']
