"""The residual WGAN-GP networks."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgentransfer.models.backbones import WGANGPCritic, WGANGPGenerator
from mmgentransfer.models.layers import ChannelLayerNorm, ConditionalBatchNorm
from mmgentransfer.registry import MODELS

TOY8_G = {'image_size': 8, 'base_channels': 16, 'channel_mults': (2, 1), 'noise_size': 32, 'out_channels': 1}
TOY8_D = {'image_size': 8, 'base_channels': 16, 'channel_mults': (1, 2), 'in_channels': 1}


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
    return network


class TestParameterCounts:
    """The totals and the rows of the networks' tables."""

    @pytest.mark.parametrize(
        ('size', 'base', 'generator', 'critic', 'bnorm', 'concat', 'classes'),
        [
            (64, 64, 8_540_483, 7_491_841, 8_584_259, 8_622_403, 7_573_771),
            (64, 32, 2_401_443, 1_877_121, 2_423_331, 2_442_403, 1_918_091),
            (32, 64, 7_747_907, 7_485_697, 7_791_683, 7_768_387, 7_506_187),
            (128, 64, 11_710_787, 7_516_417, 11_754_563, 12_038_467, 7_844_107),
        ],
    )
    def test_default_mults(self, size, base, generator, critic, bnorm, concat, classes):
        shape = {'image_size': size, 'base_channels': base}
        assert count(meta(WGANGPGenerator, **shape)) == generator
        assert count(meta(WGANGPCritic, **shape)) == critic
        assert count(meta(WGANGPGenerator, **shape, num_classes=10, cond_mode='bnorm')) == bnorm
        assert count(meta(WGANGPGenerator, **shape, num_classes=10, cond_mode='concat')) == concat
        assert count(meta(WGANGPCritic, **shape, num_classes=10)) == classes

    def test_toy8(self):
        assert count(meta(WGANGPGenerator, **TOY8_G)) == 24_625
        assert count(meta(WGANGPCritic, **TOY8_D)) == 8_225
        assert count(meta(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode='bnorm')) == 25_137
        assert count(meta(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode='concat')) == 27_185
        assert count(meta(WGANGPCritic, **TOY8_D, num_classes=5)) == 10_790

    def test_other_sizes(self):
        assert (
            count(meta(WGANGPGenerator, image_size=16, base_channels=16, channel_mults=(4, 2, 1), noise_size=32))
            == 71_763
        )
        assert count(meta(WGANGPCritic, image_size=16, base_channels=16, channel_mults=(1, 2, 4))) == 38_977
        assert count(meta(WGANGPGenerator, image_size=32, base_channels=8, noise_size=32)) == 126_315
        assert count(meta(WGANGPCritic, image_size=32, base_channels=8)) == 118_113

    def test_layers_of_the_generator(self):
        net = meta(WGANGPGenerator)
        assert count(net.input_linear) == 1_056_768
        assert [count(b) for b in net.blocks] == [4_983_808, 1_902_592, 476_160, 119_296]
        assert count(net.output_norm) == 128
        assert count(net.output_conv) == 1_731
        assert sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) == 9

    def test_layers_of_the_critic(self):
        net = meta(WGANGPCritic, num_classes=10)
        assert count(net.input_conv) == 1_792
        assert [count(b) for b in net.blocks] == [119_296, 476_160, 1_902_592, 4_983_808]
        assert count(net.score_head) == 8_193
        assert count(net.class_head) == 81_930
        assert sum(isinstance(m, ChannelLayerNorm) for m in net.modules()) == 8
        assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())


class TestShapes:
    def test_64_pixels(self):
        images = built(WGANGPGenerator, base_channels=8)(torch.randn(2, 128))
        assert images.shape == (2, 3, 64, 64)
        assert images.abs().max() <= 1
        assert built(WGANGPCritic, base_channels=8)(images).shape == (2,)
        scores, logits = built(WGANGPCritic, base_channels=8, num_classes=10)(images)
        assert scores.shape == (2,)
        assert logits.shape == (2, 10)

    def test_bottom_side_of_one(self):
        net = built(WGANGPGenerator, image_size=16, base_channels=4)
        assert net.bottom_side == 1
        images = net(torch.randn(2, 128))
        assert images.shape == (2, 3, 16, 16)
        assert built(WGANGPCritic, image_size=16, base_channels=4)(images).shape == (2,)

    @pytest.mark.parametrize('cls', [WGANGPGenerator, WGANGPCritic])
    @pytest.mark.parametrize('size', [20, 8, 0])
    def test_no_integer_bottom_side(self, cls, size):
        with pytest.raises(ValueError, match=f'image_size={size} .*channel_mults='):
            cls(image_size=size)

    def test_interface(self):
        net = WGANGPGenerator(**TOY8_G, num_classes=5, cond_mode='bnorm')
        assert (net.noise_size, net.num_classes, net.image_size, net.out_channels) == (32, 5, 8, 1)
        critic = WGANGPCritic(**TOY8_D, num_classes=5)
        assert (critic.num_classes, critic.image_size) == (5, 8)

    @pytest.mark.parametrize('name', ['WGANGPGenerator', 'WGANGPCritic'])
    def test_registered(self, name):
        assert type(MODELS.build({'type': name, 'base_channels': 4})).__name__ == name


class TestInitialisation:
    def test_generator(self):
        net = built(WGANGPGenerator)
        state = net.state_dict()
        bounds = {'output_conv.weight': 0.141069, 'input_linear.weight': 0.026854}
        bounds |= {
            'blocks.0.conv1.weight': 0.036084,
            'blocks.0.conv2.weight': 0.036084,
            'blocks.0.shortcut.weight': 0.076547,
        }
        for name, bound in bounds.items():
            assert 0.97 * bound < state[name].abs().max() <= bound + 1e-6, name
        assert state['blocks.0.conv2.weight'].std().item() == pytest.approx(0.020833, rel=0.01)
        self.check_biases_and_norms(net)

    def test_critic(self):
        net = built(WGANGPCritic)
        state = net.state_dict()
        bounds = {'input_conv.weight': 0.099751, 'score_head.weight': 0.027062}
        bounds |= {
            'blocks.3.conv1.weight': 0.036084,
            'blocks.3.conv2.weight': 0.036084,
            'blocks.3.shortcut.weight': 0.076547,
        }
        for name, bound in bounds.items():
            assert 0.97 * bound < state[name].abs().max() <= bound + 1e-6, name
        assert state['blocks.3.conv1.weight'].std().item() == pytest.approx(0.020833, rel=0.01)
        self.check_biases_and_norms(net)

    @staticmethod
    def check_biases_and_norms(net):
        for name, parameter in net.named_parameters():
            if name.endswith('bias'):
                assert parameter.eq(0).all(), name
            elif 'norm' in name:
                assert parameter.eq(1).all(), name

    def test_init_cfg_is_applied_after_the_random_initialisation(self):
        net = built(WGANGPCritic, **TOY8_D, init_cfg={'type': 'Constant', 'layer': 'Linear', 'val': 0.5})
        assert net.score_head.weight.eq(0.5).all()
        assert net.input_conv.weight.std() > 0.1

    def test_second_call_changes_nothing(self):
        net = built(WGANGPGenerator, **TOY8_G)
        before = {k: v.clone() for k, v in net.state_dict().items()}
        net.init_weights()
        assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())

    def test_same_seed_same_weights(self):
        torch.manual_seed(3)
        first = built(WGANGPGenerator, **TOY8_G).state_dict()
        torch.manual_seed(3)
        second = built(WGANGPGenerator, **TOY8_G).state_dict()
        assert all(torch.equal(v, second[k]) for k, v in first.items())


class TestGenerator:
    def test_definition(self):
        """The whole network, written out with functions in the order of the table."""
        net = built(WGANGPGenerator, **TOY8_G).double()
        z = torch.randn(4, 32, dtype=torch.float64)
        s = net.state_dict()

        def bn_relu(t):
            return F.relu(F.batch_norm(t, None, None, training=True))

        x = (z @ s['input_linear.weight'].T + s['input_linear.bias']).reshape(4, 32, 4, 4)
        up = bn_relu(x).repeat_interleave(2, 2).repeat_interleave(2, 3)
        h = F.conv2d(up, s['blocks.0.conv1.weight'], padding=1)
        h = F.conv2d(bn_relu(h), s['blocks.0.conv2.weight'], s['blocks.0.conv2.bias'], padding=1)
        skip = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        x = h + F.conv2d(skip, s['blocks.0.shortcut.weight'], s['blocks.0.shortcut.bias'])
        expected = torch.tanh(F.conv2d(bn_relu(x), s['output_conv.weight'], s['output_conv.bias'], padding=1))
        torch.testing.assert_close(net(z), expected)

    def test_image_of_a_batch_in_eval_mode(self):
        net = built(WGANGPGenerator, **TOY8_G).eval()
        z = torch.randn(8, 32)
        torch.testing.assert_close(net(z)[3:4], net(z[3:4]), atol=1e-5, rtol=0)

    def test_batch_norm_settings(self):
        net = WGANGPGenerator(**TOY8_G, norm_eps=1e-3, bn_momentum=0.2)
        norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(norms) == 3
        assert all((n.eps, n.momentum) == (1e-3, 0.2) for n in norms)

    def test_gradient_reaches_every_parameter_that_matters(self):
        """The biases before a batch norm have none: the norm removes what is constant in a channel."""
        net = built(WGANGPGenerator, **TOY8_G).double()
        (net(torch.randn(16, 32, dtype=torch.float64)) * torch.randn(16, 1, 8, 8, dtype=torch.float64)).sum().backward()
        removed = {'blocks.0.conv2.bias', 'blocks.0.shortcut.bias'}
        for name, parameter in net.named_parameters():
            if name in removed:
                assert parameter.grad.abs().max() < 1e-10, name
            else:
                assert parameter.grad.abs().max() > 1e-6, name

    @pytest.mark.parametrize('kwargs', [{'num_classes': 5}, {'cond_mode': 'bnorm'}, {'cond_mode': 'concat'}])
    def test_mode_and_classes_go_together(self, kwargs):
        with pytest.raises(ValueError, match=r'num_classes=.*cond_mode='):
            WGANGPGenerator(**TOY8_G, **kwargs)

    def test_unknown_mode(self):
        with pytest.raises(ValueError, match="cond_mode='film'"):
            WGANGPGenerator(**TOY8_G, num_classes=5, cond_mode='film')

    def test_wrong_inputs(self):
        net = WGANGPGenerator(**TOY8_G)
        with pytest.raises(ValueError, match='noise_size=32'):
            net(torch.randn(2, 31))
        with pytest.raises(ValueError, match='num_classes=0'):
            net(torch.randn(2, 32), torch.zeros(2, dtype=torch.int64))
        for mode in ('concat', 'bnorm'):
            with pytest.raises(ValueError, match='num_classes=5 and needs labels'):
                WGANGPGenerator(**TOY8_G, num_classes=5, cond_mode=mode)(torch.randn(2, 32))


class TestConditionalGenerator:
    @pytest.fixture
    def source(self):
        """An unconditional generator with norms and running statistics that are not the initial ones."""
        net = built(WGANGPGenerator, **TOY8_G)
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_()
        for _ in range(5):
            net(torch.randn(32, 32))
        return net

    @pytest.mark.parametrize('training', [True, False])
    def test_equal_rows_of_bnorm_are_the_unconditional_generator(self, source, training):
        net = built(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode='bnorm')
        state = source.state_dict()
        for name, module in net.named_modules():
            if isinstance(module, ConditionalBatchNorm):
                for key in (f'{name}.weight', f'{name}.bias'):
                    state[key] = state[key].expand(5, -1)
        net.load_state_dict(state)
        z, labels = torch.randn(10, 32), torch.arange(5).repeat(2)
        torch.testing.assert_close(net.train(training)(z, labels), source.train(training)(z), atol=1e-5, rtol=0)

    @pytest.mark.parametrize('new_columns', ['zero', 'random'])
    def test_zero_columns_of_concat_are_the_unconditional_generator(self, source, new_columns):
        net = built(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode='concat')
        state, own = source.state_dict(), net.input_linear.weight.detach()[:, 32:]
        state['input_linear.weight'] = torch.cat(
            [state['input_linear.weight'], torch.zeros_like(own) if new_columns == 'zero' else own], dim=1
        )
        net.load_state_dict(state)
        z, labels = torch.randn(10, 32), torch.arange(5).repeat(2)
        difference = (net.eval()(z, labels) - source.eval()(z)).abs().max()
        assert difference <= 1e-5 if new_columns == 'zero' else difference > 1e-2

    @pytest.mark.parametrize('mode', ['concat', 'bnorm'])
    def test_labels_change_the_image(self, mode):
        net = built(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode=mode).eval()
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, ConditionalBatchNorm):
                    module.bias.normal_()
        z = torch.randn(1, 32).expand(2, -1)
        first, second = net(z, torch.tensor([0, 1]))
        assert (first - second).abs().max() > 1e-2

    def test_concat_appends_the_one_hot_label_after_z(self):
        net = built(WGANGPGenerator, **TOY8_G, num_classes=5, cond_mode='concat').eval()
        z, labels = torch.randn(3, 32), torch.tensor([4, 0, 2])
        seen = []
        net.input_linear.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        net(z, labels)
        assert torch.equal(seen[0][:, :32], z)
        assert torch.equal(seen[0][:, 32:], torch.eye(5)[labels])

    def test_bnorm_replaces_all_norms(self):
        net = meta(WGANGPGenerator, num_classes=10, cond_mode='bnorm')
        norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(norms) == 9
        assert all(isinstance(n, ConditionalBatchNorm) for n in norms)

    def test_absent_classes_get_no_gradient(self):
        net = built(WGANGPGenerator, **TOY8_G, num_classes=4, cond_mode='bnorm')
        net(torch.randn(6, 32), torch.tensor([0, 2, 2, 0, 2, 0])).square().sum().backward()
        for module in net.modules():
            if isinstance(module, ConditionalBatchNorm):
                for table in (module.weight, module.bias):
                    assert table.grad[[1, 3]].eq(0).all()
                    assert table.grad[[0, 2]].abs().sum() > 0


class TestCritic:
    @pytest.mark.parametrize('norm', ['channel_layer_norm', None])
    def test_definition(self, norm):
        net = built(WGANGPCritic, **TOY8_D, num_classes=3, norm=norm).double()
        images = torch.randn(4, 1, 8, 8, dtype=torch.float64)
        s = net.state_dict()

        def ln_relu(t):
            return F.relu(F.layer_norm(t, t.shape[1:]) if norm else t)

        x = F.conv2d(images, s['input_conv.weight'], s['input_conv.bias'], padding=1)
        h = F.conv2d(ln_relu(x), s['blocks.0.conv1.weight'], padding=1)
        h = F.conv2d(ln_relu(h), s['blocks.0.conv2.weight'], s['blocks.0.conv2.bias'], padding=1)
        skip = F.conv2d(x, s['blocks.0.shortcut.weight'], s['blocks.0.shortcut.bias'])
        flat = F.avg_pool2d(h + skip, 2).reshape(4, -1)
        scores, logits = net(images)
        torch.testing.assert_close(scores, (flat @ s['score_head.weight'].T + s['score_head.bias'])[:, 0])
        torch.testing.assert_close(logits, flat @ s['class_head.weight'].T + s['class_head.bias'])

    def test_score_does_not_depend_on_the_batch(self):
        net = built(WGANGPCritic, **TOY8_D)
        images = torch.randn(5, 1, 8, 8)
        torch.testing.assert_close(net(images)[2:3], net(images[2:3]), atol=1e-4, rtol=0)

    def test_class_head_leaves_the_scores_alone(self):
        source = built(WGANGPCritic, **TOY8_D)
        net = built(WGANGPCritic, **TOY8_D, num_classes=5)
        missing, unexpected = net.load_state_dict(source.state_dict(), strict=False)
        assert set(missing) == {'class_head.weight', 'class_head.bias'}
        assert not unexpected
        images = torch.randn(3, 1, 8, 8)
        torch.testing.assert_close(net(images)[0], source(images), atol=1e-6, rtol=0)

    def test_labels_are_no_input(self):
        net = built(WGANGPCritic, **TOY8_D, num_classes=5)
        images = torch.randn(3, 1, 8, 8)
        with_labels, without = net(images, torch.tensor([0, 1, 2])), net(images)
        assert torch.equal(with_labels[0], without[0])
        assert torch.equal(with_labels[1], without[1])

    def test_gradient_reaches_every_parameter(self):
        net = built(WGANGPCritic, **TOY8_D, num_classes=5)
        scores, logits = net(torch.randn(4, 1, 8, 8))
        (scores.sum() + logits.square().sum()).backward()
        assert all(p.grad.abs().max() > 0 for p in net.parameters())

    def test_wrong_inputs(self):
        net = WGANGPCritic(**TOY8_D)
        with pytest.raises(ValueError, match='image_size=8'):
            net(torch.randn(2, 1, 16, 16))
        with pytest.raises(ValueError, match='num_classes=0'):
            net(torch.randn(2, 1, 8, 8), torch.zeros(2, dtype=torch.int64))
        with pytest.raises(ValueError, match="norm='batch_norm'"):
            WGANGPCritic(**TOY8_D, norm='batch_norm')
