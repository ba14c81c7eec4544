"""The WGAN-GP networks for digits."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.backbones import WGANGPCritic28, WGANGPGenerator28
from mmgentransfer.registry import MODELS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(module):
    return sum(p.numel() for p in module.parameters())


def built(cls, **kwargs):
    network = cls(**kwargs)
    network.init_weights()
    return network


@pytest.mark.parametrize('name', ['WGANGPGenerator28', 'WGANGPCritic28'])
def test_registered(name):
    assert type(MODELS.build({'type': name, 'dim': 4})).__name__ == name


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        ({'noise_size': 16}, 1_095_425),
        ({'noise_size': 128}, 1_554_177),
        ({'noise_size': 128, 'num_classes': 10}, 1_595_137),
        ({'noise_size': 16, 'dim': 16}, 81_857),
    ],
)
def test_generator_parameters(kwargs, expected):
    assert count(WGANGPGenerator28(**kwargs)) == expected


@pytest.mark.parametrize(
    ('kwargs', 'expected'), [({}, 1_030_145), ({'num_classes': 10}, 1_046_145), ({'dim': 16}, 65_537)]
)
def test_critic_parameters(kwargs, expected):
    assert count(WGANGPCritic28(**kwargs)) == expected


@pytest.mark.parametrize('size', [28, 32])
@pytest.mark.parametrize('batch', [1, 2, 5])
def test_shapes(size, batch):
    images = built(WGANGPGenerator28, noise_size=16, dim=4, image_size=size)(torch.randn(batch, 16))
    assert images.shape == (batch, 1, size, size)
    assert 0 <= images.min() <= images.max() <= 1
    assert built(WGANGPCritic28, dim=4, image_size=size)(images).shape == (batch,)


def test_generator_crops_to_7x7():
    """The maps of the source: 8x8 by an output padding of 1, then cropped."""
    net = built(WGANGPGenerator28, noise_size=16, dim=4).double()
    z = torch.randn(3, 16, dtype=torch.float64)
    s = net.state_dict()
    x = (z @ s['input_linear.weight'].T + s['input_linear.bias']).relu().reshape(3, 16, 4, 4)
    for k in range(3):
        x = F.conv_transpose2d(
            x, s[f'deconvs.{k}.weight'], s[f'deconvs.{k}.bias'], stride=2, padding=2, output_padding=1
        )
        x = x[:, :, :7, :7] if k == 0 else x
        x = x.sigmoid() if k == 2 else x.relu()
    torch.testing.assert_close(net(z), x)


def test_critic_is_its_definition():
    net = built(WGANGPCritic28, dim=4, num_classes=3)
    images, labels = torch.rand(2, 1, 28, 28), torch.tensor([2, 0])
    planes = torch.zeros(2, 3, 28, 28)
    planes[0, 2] = planes[1, 0] = 1
    x = torch.cat([images, planes], dim=1)
    for conv in net.convs:
        x = conv(x)
        x = torch.where(x > 0, x, 0.2 * x)
    expected = x.flatten(1) @ net.score_head.weight[0] + net.score_head.bias
    torch.testing.assert_close(net(images, labels), expected)


def test_label_enters_the_generator_after_z():
    net = built(WGANGPGenerator28, noise_size=16, dim=4, num_classes=3)
    z = torch.randn(2, 16)
    x = torch.cat([z, torch.tensor([[0.0, 0, 1], [1, 0, 0]])], dim=1)
    plain = WGANGPGenerator28(noise_size=19, dim=4)
    plain.load_state_dict(net.state_dict())
    torch.testing.assert_close(net(z, torch.tensor([2, 0])), plain(x))


def test_initialisation():
    state = built(WGANGPGenerator28).state_dict() | built(WGANGPCritic28).state_dict()
    # sqrt(3 * 2 / (128 + 4096)); sqrt(3 * 4 / (25 * (256/4 + 128))); sqrt(3 * 4 / (25 * (1 + 64/4)))
    bounds = {'input_linear.weight': 0.037689, 'deconvs.0.weight': 0.05, 'convs.0.weight': 0.168034}
    for name, bound in bounds.items():
        assert 0.97 * bound < state[name].abs().max() <= bound + 1e-6, name
    assert all(v.eq(0).all() for k, v in state.items() if k.endswith('bias'))


def test_gradient_reaches_every_parameter():
    generator = built(WGANGPGenerator28, noise_size=16, dim=4, num_classes=3)
    critic = built(WGANGPCritic28, dim=4, num_classes=3)
    labels = torch.tensor([0, 1, 2])
    critic(generator(torch.randn(3, 16), labels), labels).sum().backward()
    for net in (generator, critic):
        assert all(p.grad.abs().max() > 0 for p in net.parameters())


def test_wrong_inputs():
    labels = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match='image_size=30'):
        WGANGPGenerator28(image_size=30)
    with pytest.raises(ValueError, match='image_size=64'):
        WGANGPCritic28(image_size=64)
    with pytest.raises(ValueError, match='noise_size=16'):
        WGANGPGenerator28(noise_size=16, dim=4)(torch.randn(2, 17))
    with pytest.raises(ValueError, match='num_classes=3 and needs labels'):
        WGANGPGenerator28(noise_size=16, dim=4, num_classes=3)(torch.randn(2, 16))
    with pytest.raises(ValueError, match='num_classes=0'):
        WGANGPGenerator28(noise_size=16, dim=4)(torch.randn(2, 16), labels)
    with pytest.raises(ValueError, match='num_classes=3 and needs labels'):
        WGANGPCritic28(dim=4, num_classes=3)(torch.rand(2, 1, 28, 28))
    with pytest.raises(ValueError, match='num_classes=0'):
        WGANGPCritic28(dim=4)(torch.rand(2, 1, 28, 28), labels)
    with pytest.raises(ValueError, match='image_size=28'):
        WGANGPCritic28(dim=4)(torch.rand(2, 1, 32, 32))
