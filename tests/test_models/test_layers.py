"""Norms, residual blocks, input checks and the initialiser."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgentransfer.models.layers import (
    ChannelLayerNorm,
    ConditionalBatchNorm,
    DownResBlock,
    PixelNorm,
    UpResBlock,
    WGANGPUniform,
    check_images,
    check_labels,
    check_noise,
    one_hot,
)
from mmgentransfer.registry import WEIGHT_INITIALIZERS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


class TestChannelLayerNorm:
    def test_numbers(self):
        x = torch.tensor([[1.0, 3.0], [5.0, 7.0]]).reshape(1, 2, 1, 2)
        y = ChannelLayerNorm(2)(x)
        torch.testing.assert_close(y.flatten(), torch.tensor([-1.3416, -0.4472, 0.4472, 1.3416]), atol=1e-4, rtol=0)

    def test_affine_is_per_channel(self):
        norm = ChannelLayerNorm(3)
        assert {n: tuple(p.shape) for n, p in norm.named_parameters()} == {'weight': (3,), 'bias': (3,)}
        x = torch.randn(2, 3, 4, 5)
        with torch.no_grad():
            norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0]))
            norm.bias.copy_(torch.tensor([0.5, 0.0, -1.0]))
        flat = x.flatten(1)
        standard = (
            (flat - flat.mean(1, keepdim=True)) / (flat.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
        ).view_as(x)
        expected = standard * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1) + torch.tensor([0.5, 0.0, -1.0]).view(3, 1, 1)
        torch.testing.assert_close(norm(x), expected)


class TestConditionalBatchNorm:
    def test_rows_are_looked_up_by_class(self):
        norm = ConditionalBatchNorm(3, num_classes=4)
        with torch.no_grad():
            norm.weight.normal_()
            norm.bias.normal_()
        x, labels = torch.randn(6, 3, 4, 4) * 3 + 1, torch.tensor([0, 3, 3, 1, 2, 0])
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
        standard = (x - mean) / (var + 1e-5).sqrt()
        y = norm(x, labels)
        for n, k in enumerate(labels.tolist()):
            expected = standard[n] * norm.weight[k].view(3, 1, 1) + norm.bias[k].view(3, 1, 1)
            torch.testing.assert_close(y[n], expected, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize('momentum', [0.1, None])
    def test_statistics_are_those_of_batch_norm(self, momentum):
        conditional, plain = ConditionalBatchNorm(3, 5, momentum=momentum), nn.BatchNorm2d(3, momentum=momentum)
        labels = torch.tensor([0, 4, 2, 2])
        for _ in range(3):
            x = torch.randn(4, 3, 5, 5) * 2 + 3
            torch.testing.assert_close(conditional(x, labels), plain(x))
        buffers = dict(conditional.named_buffers())
        assert set(buffers) == set(dict(plain.named_buffers()))
        for name, value in plain.named_buffers():
            torch.testing.assert_close(buffers[name], value)
        torch.testing.assert_close(conditional.eval()(x, labels), plain.eval()(x))

    def test_batch_statistics_without_tracking_leave_the_buffers_alone(self):
        norm = ConditionalBatchNorm(2, 3)
        norm.track_running_stats = False
        x, labels = torch.randn(4, 2, 3, 3) + 5, torch.zeros(4, dtype=torch.int64)
        y = norm(x, labels)
        assert y.mean().abs() < 1e-5
        assert norm.running_mean.eq(0).all()
        assert norm.running_var.eq(1).all()
        assert norm.num_batches_tracked == 0

    def test_state_has_the_names_of_batch_norm(self):
        state = ConditionalBatchNorm(3, 4).state_dict()
        assert list(state) == list(nn.BatchNorm2d(3).state_dict())
        assert state['weight'].shape == state['bias'].shape == (4, 3)
        assert state['weight'].eq(1).all()
        assert state['bias'].eq(0).all()

    def test_only_the_batchs_classes_get_a_gradient(self):
        norm = ConditionalBatchNorm(2, 4)
        norm(torch.randn(6, 2, 3, 3), torch.tensor([0, 2, 0, 2, 2, 0])).pow(3).sum().backward()
        for table in (norm.weight, norm.bias):
            assert table.grad[[1, 3]].eq(0).all()
            assert table.grad[[0, 2]].ne(0).all()

    def test_autocast_keeps_the_gradients_finite(self):
        norm = ConditionalBatchNorm(2, 4)
        with torch.autocast('cpu', torch.bfloat16):
            y = norm(torch.randn(6, 2, 3, 3).bfloat16(), torch.tensor([0, 2, 0, 2, 2, 0]))
        y.float().square().sum().backward()
        assert norm.weight.grad.isfinite().all()


class TestPixelNorm:
    def test_vector(self):
        y = PixelNorm()(torch.tensor([[3.0, 4.0]]))
        torch.testing.assert_close(y, torch.tensor([[0.848528, 1.131371]]), atol=1e-6, rtol=0)

    def test_maps_are_normalised_over_channels(self):
        y = PixelNorm()(torch.randn(2, 5, 3, 3))
        torch.testing.assert_close(y.square().mean(1), torch.ones(2, 3, 3))

    def test_zero_is_finite(self):
        x = torch.zeros(1, 3, requires_grad=True)
        PixelNorm()(x).sum().backward()
        assert x.grad.isfinite().all()


class TestResidualBlocks:
    def test_up_block_is_its_definition(self):
        block = UpResBlock(4, 3, nn.BatchNorm2d).double()
        x = torch.randn(2, 4, 5, 5, dtype=torch.float64)

        def up(t):
            return t.repeat_interleave(2, 2).repeat_interleave(2, 3)

        def bn(t):
            return F.batch_norm(t, None, None, training=True)

        h = F.conv2d(up(F.relu(bn(x))), block.conv1.weight, padding=1)
        h = F.conv2d(F.relu(bn(h)), block.conv2.weight, block.conv2.bias, padding=1)
        expected = h + F.conv2d(up(x), block.shortcut.weight, block.shortcut.bias)
        torch.testing.assert_close(block(x), expected)

    @pytest.mark.parametrize('norm', [ChannelLayerNorm, None])
    def test_down_block_is_its_definition(self, norm):
        block = DownResBlock(4, 3, norm).double()
        x = torch.randn(2, 4, 6, 6, dtype=torch.float64)
        before = x.clone()

        def pool(t):
            return (t[:, :, ::2, ::2] + t[:, :, 1::2, ::2] + t[:, :, ::2, 1::2] + t[:, :, 1::2, 1::2]) / 4

        def ln(t):
            return F.layer_norm(t, t.shape[1:]) if norm else t

        h = F.conv2d(F.relu(ln(x)), block.conv1.weight, padding=1)
        h = F.conv2d(F.relu(ln(h)), block.conv2.weight, block.conv2.bias, padding=1)
        expected = pool(h) + F.conv2d(pool(x), block.shortcut.weight, block.shortcut.bias)
        torch.testing.assert_close(block(x), expected)
        assert torch.equal(x, before)  # no ReLU in place

    @pytest.mark.parametrize('block', [UpResBlock, DownResBlock])
    def test_first_convolution_has_no_bias_and_the_shortcut_always_has_a_convolution(self, block):
        made = block(4, 4, nn.BatchNorm2d)
        assert made.conv1.bias is None
        assert made.conv2.bias is not None
        assert made.shortcut.kernel_size == (1, 1)
        assert made.shortcut.bias is not None

    def test_down_block_keeps_its_width_until_the_second_convolution(self):
        assert DownResBlock(4, 6, None).conv1.out_channels == 4
        assert UpResBlock(4, 6, nn.BatchNorm2d).conv1.out_channels == 6

    def test_conditional_up_block_uses_the_labels(self):
        block = UpResBlock(4, 3, partial(ConditionalBatchNorm, num_classes=2))
        with torch.no_grad():
            block.norm1.bias[1] += 1
        x = torch.randn(2, 4, 3, 3)
        zero, one = block(x, torch.tensor([0, 0])), block(x, torch.tensor([1, 1]))
        assert (zero - one).abs().max() > 1e-2


class TestInputs:
    network = SimpleNamespace(noise_size=4, num_classes=3, in_channels=1, image_size=8)
    unconditional = SimpleNamespace(num_classes=0)

    @pytest.mark.parametrize('shape', [(2, 5), (4,), (2, 4, 1)])
    def test_noise(self, shape):
        with pytest.raises(ValueError, match='noise_size=4'):
            check_noise(self.network, torch.zeros(shape))

    @pytest.mark.parametrize('shape', [(2, 3, 8, 8), (2, 1, 8, 9), (1, 8, 8)])
    def test_images(self, shape):
        with pytest.raises(ValueError, match=r'image_size=8.*\(N, 1, 8, 8\)'):
            check_images(self.network, torch.zeros(shape))

    def test_images_must_be_floats(self):
        with pytest.raises(ValueError, match='uint8'):
            check_images(self.network, torch.zeros(2, 1, 8, 8, dtype=torch.uint8))

    def test_missing_labels(self):
        with pytest.raises(ValueError, match=r'num_classes=3 and needs labels of the shape \(2,\)'):
            check_labels(self.network, None, 2)
        check_labels(self.network, None, 2, required=False)

    def test_unwanted_labels(self):
        with pytest.raises(ValueError, match='num_classes=0'):
            check_labels(self.unconditional, torch.zeros(2, dtype=torch.int64), 2)

    @pytest.mark.parametrize(
        'labels', [torch.zeros(3, dtype=torch.int64), torch.zeros(2), torch.zeros(2, 3, dtype=torch.int64)]
    )
    def test_bad_labels(self, labels):
        with pytest.raises(ValueError, match='int64 labels'):
            check_labels(self.network, labels, 2)

    def test_one_hot(self):
        rows = one_hot(torch.tensor([2, 0]), 3, torch.float64)
        assert torch.equal(rows, torch.tensor([[0, 0, 1], [1, 0, 0]], dtype=torch.float64))
        with pytest.raises(RuntimeError):
            one_hot(torch.tensor([3]), 3, torch.float32)


class TestWGANGPUniform:
    @pytest.mark.parametrize(
        ('layer', 'bound'),
        [
            (nn.Conv2d(512, 512, 3), 0.036084),
            (nn.Conv2d(512, 512, 1), 0.076547),
            (nn.Conv2d(64, 3, 3), 0.141069),
            (nn.Linear(128, 8192), 0.026854),
            (nn.Linear(8192, 1), 0.027062),
            (nn.Linear(138, 8192), 0.026838),
            # variance 4 / (1*25 + 64*25/4), 4 / (256*25/4 + 128*25) and their square roots times sqrt(3)
            (nn.Conv2d(1, 64, 5, stride=2), 0.168034),
            (nn.ConvTranspose2d(256, 128, 5, stride=2), 0.05),
        ],
        ids=str,
    )
    def test_bounds(self, layer, bound):
        WGANGPUniform()(layer)
        largest = layer.weight.abs().max().item()
        assert largest <= bound + 1e-6
        assert largest >= 0.97 * bound
        assert layer.bias.eq(0).all()
        assert abs(layer.weight.mean().item()) < bound * 4 / layer.weight.numel() ** 0.5

    def test_glorot_names(self):
        net = nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(3, 64, 3))
        WGANGPUniform(glorot=['0'])(net)
        assert 0.97 * 0.099751 < net[0].weight.abs().max() <= 0.099752
        assert 0.97 * 0.141069 < net[1].weight.abs().max() <= 0.141070

    def test_wrong_glorot_name(self):
        with pytest.raises(ValueError, match="'stem'"):
            WGANGPUniform(glorot=['stem'])(nn.Sequential(nn.Conv2d(3, 4, 3)))

    def test_norms_are_reset(self):
        net = nn.Sequential(nn.BatchNorm2d(3), ChannelLayerNorm(3), ConditionalBatchNorm(3, 2))
        for tensor in net.state_dict().values():
            tensor.fill_(7)
        WGANGPUniform()(net)
        for name, tensor in net.state_dict().items():
            assert tensor.eq(1 if name.endswith(('weight', 'running_var')) else 0).all(), name

    def test_registered(self):
        init = WEIGHT_INITIALIZERS.build({'type': 'WGANGPUniform', 'glorot': ['a']})
        assert init.glorot == ('a',)
