"""From an unconditional source to networks with classes: thesis section 2.4.1."""

from __future__ import annotations

import math
import re

import pytest
import torch

from mmgentransfer.checkpoints import TransferredWeights
from mmgentransfer.models.backbones.wgan_gp import WGANGPCritic, WGANGPGenerator

GENERATOR = dict(image_size=8, base_channels=4, channel_mults=(2, 1), noise_size=6, out_channels=1)
CRITIC = dict(image_size=8, base_channels=4, channel_mults=(1, 2), in_channels=1)


def build(kind, settings, seed, **more):
    torch.manual_seed(seed)
    network = kind(**settings, **more)
    network.init_weights()
    return network


@pytest.fixture
def sources(tmp_path):
    """A generator with statistics of its own and a critic, and their checkpoint."""
    generator, critic = build(WGANGPGenerator, GENERATOR, 1), build(WGANGPCritic, CRITIC, 2)
    with torch.no_grad():
        for name, tensor in generator.state_dict().items():
            if 'norm' in name and tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor))
    state = {f'generator.{k}': v for k, v in generator.state_dict().items()}
    state |= {f'critic.{k}': v for k, v in critic.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'source.pth')
    return generator, critic, str(tmp_path / 'source.pth')


@pytest.mark.parametrize('training', [False, True])
def test_cond_bnorm_starts_as_the_source(sources, training):
    generator, _, path = sources
    target = build(WGANGPGenerator, GENERATOR, 3, num_classes=4, cond_mode='bnorm')
    report = TransferredWeights(path, 'generator', 'uncond_to_bnorm')(target)
    noise, labels = torch.randn(8, 6), torch.arange(8) % 4
    with torch.no_grad():
        expected = generator.train(training)(noise)
        for given in (labels, labels.flip(0)):
            torch.testing.assert_close(target.train(training)(noise, given), expected, rtol=0, atol=1e-5)

    tables = {name for name, p in target.named_parameters() if 'norm' in name}
    assert set(report.tiled) == tables
    assert set(report.copied) == set(target.state_dict()) - tables
    assert report.random == report.unused == report.partly_copied == []
    for name in tables:
        rows = dict(target.named_parameters())[name]
        assert rows.shape[0] == 4
        assert torch.equal(rows, rows[:1].expand_as(rows))


def test_cond_concat_copies_the_noise_columns(sources):
    generator, _, path = sources
    noise, labels = torch.randn(8, 6), torch.arange(8) % 4
    with torch.no_grad():
        expected = generator.eval()(noise)
    initial = build(WGANGPGenerator, GENERATOR, 3, num_classes=4, cond_mode='concat').input_linear.weight
    images = {}
    for new_columns in (None, 'glorot', 'zero'):
        target = build(WGANGPGenerator, GENERATOR, 3, num_classes=4, cond_mode='concat')
        report = TransferredWeights(path, 'generator', 'uncond_to_concat', new_columns=new_columns)(target)
        weight = target.input_linear.weight
        assert torch.equal(weight[:, :6], generator.input_linear.weight)
        if new_columns == 'zero':
            assert torch.count_nonzero(weight[:, 6:]) == 0
        else:
            assert torch.equal(weight[:, 6:], initial[:, 6:])
            bound = math.sqrt(3 * 2 / (10 + 128))  # 10 inputs, 8 channels of 4 x 4
            assert 0 < weight[:, 6:].abs().max() <= bound
        assert report.partly_copied == ['input_linear.weight']
        assert len(report.copied) == len(target.state_dict()) - 1
        assert report.random == report.unused == report.tiled == []
        with torch.no_grad():
            images[new_columns] = target.eval()(noise, labels)
    torch.testing.assert_close(images['zero'], expected, rtol=0, atol=1e-5)
    assert torch.equal(images[None], images['glorot'])
    assert (images['glorot'] - expected).abs().max() > 1e-2


def test_bound_of_new_columns_at_the_full_size():
    """128 + 10 inputs and 8192 outputs: sqrt(3) * sqrt(2 / 8330)."""
    torch.manual_seed(0)
    generator = WGANGPGenerator(num_classes=10, cond_mode='concat', base_channels=64, channel_mults=(8, 1, 1, 1, 1))
    generator.init_weights()
    largest = generator.input_linear.weight[:, 128:].abs().max().item()
    assert largest == pytest.approx(0.026838, abs=1e-6)
    assert largest <= math.sqrt(6 / 8330)


def test_critic_keeps_its_scores(sources):
    _, critic, path = sources
    target = build(WGANGPCritic, CRITIC, 5, num_classes=3)
    initial = target.class_head.weight.detach().clone()
    report = TransferredWeights(path, 'critic', 'uncond_to_acgan')(target)
    images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        scores, logits = target(images)
        torch.testing.assert_close(scores, critic(images), rtol=0, atol=1e-6)
    assert logits.shape == (5, 3)
    assert report.random == ['class_head.weight', 'class_head.bias']
    assert torch.equal(target.class_head.weight, initial)
    assert len(report.copied) == len(critic.state_dict())
    assert '2 random (class_head.weight, class_head.bias)' in str(report)


def test_random_part_of_the_full_critic():
    critic = WGANGPCritic(num_classes=10)
    assert sum(p.numel() for p in critic.class_head.parameters()) == 81930


@pytest.mark.parametrize(
    ('strategy', 'prefix', 'settings', 'message'),
    [
        ('uncond_to_bnorm', 'generator', dict(), 'no norm of the network has a row for each class'),
        ('uncond_to_bnorm', 'generator', dict(num_classes=2, cond_mode='concat'), 'no norm of the network'),
        ('uncond_to_concat', 'generator', dict(), 'exactly one linear layer .* none does'),
        ('uncond_to_concat', 'generator', dict(num_classes=2, cond_mode='bnorm'), 'exactly one linear .* none does'),
        ('uncond_to_acgan', 'critic', dict(), 'no class head: give it num_classes > 0'),
        ('uncond_to_acgan', 'critic', dict(num_classes=2, base_channels=2), r'input_conv\.weight: the checkpoint has'),
        (
            'uncond_to_bnorm', 'generator', dict(num_classes=2, cond_mode='bnorm', noise_size=5),
            r'input_linear\.weight: the checkpoint has \(128, 6\), the network \(128, 5\)',
        ),
    ],
)  # fmt: skip
def test_networks_that_do_not_fit(sources, strategy, prefix, settings, message):
    kind, base = (WGANGPGenerator, GENERATOR) if prefix == 'generator' else (WGANGPCritic, CRITIC)
    target = build(kind, base | settings, 3)
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    with pytest.raises(ValueError, match=f"strategy '{strategy}'.* into {kind.__name__}.*") as caught:
        TransferredWeights(sources[2], prefix, strategy)(target)
    assert re.search(message, str(caught.value))
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


def test_source_with_a_class_head(tmp_path):
    torch.save(build(WGANGPCritic, CRITIC, 0, num_classes=3).state_dict(), tmp_path / 'classes.pth')
    with pytest.raises(ValueError, match='has a class head already: take strategy "copy"'):
        TransferredWeights(str(tmp_path / 'classes.pth'), strategy='uncond_to_acgan')(
            build(WGANGPCritic, CRITIC, 1, num_classes=3)
        )


def test_new_columns_are_checked():
    with pytest.raises(ValueError, match=r"new_columns is 'ones'; it can be one of \('glorot', 'zero'\)"):
        TransferredWeights('a.pth', strategy='uncond_to_concat', new_columns='ones')
    with pytest.raises(ValueError, match="is for strategy 'uncond_to_concat'; the strategy is 'copy'"):
        TransferredWeights('a.pth', new_columns='zero')
