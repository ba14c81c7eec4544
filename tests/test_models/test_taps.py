"""Features by resolution: taken out, and put in, in the networks whose blocks each have one."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.backbones import SNGANDiscriminator, SNGANGenerator, WGANGPCritic, WGANGPGenerator

GENERATORS = {
    'wgan_gp': (WGANGPGenerator, dict(image_size=16, base_channels=2, channel_mults=(4, 2, 1), noise_size=8)),
    'sngan': (SNGANGenerator, dict(image_size=16, base_channels=2, channel_mults=(4, 2, 1), noise_size=8)),
}
THREE_BLOCKS = dict(image_size=16, base_channels=2, channel_mults=(1, 2, 4))
CRITICS = {
    'wgan_gp': (WGANGPCritic, THREE_BLOCKS, {8: 4, 4: 8}),
    'sngan': (SNGANDiscriminator, dict(num_downs=2, **THREE_BLOCKS), {8: 2, 4: 8}),
}


@pytest.fixture(params=GENERATORS)
def generator(request):
    network, arguments = GENERATORS[request.param]
    torch.manual_seed(0)
    built = network(**arguments)
    built.init_weights()
    return built.eval()


@pytest.fixture(params=CRITICS)
def critic(request):
    network, arguments, channels = CRITICS[request.param]
    torch.manual_seed(0)
    built = network(**arguments)
    built.init_weights()
    return built.eval(), channels


def test_generator_returns_its_features(generator):
    z = torch.randn(3, 8)
    images, taps = generator(z, return_taps=True)
    assert generator.tap_channels == {8: 4, 16: 2}
    assert {r: tuple(x.shape) for r, x in taps.items()} == {8: (3, 4, 8, 8), 16: (3, 2, 16, 16)}
    assert torch.equal(images, generator(z))


def test_features_are_those_that_leave_the_blocks(generator):
    z = torch.randn(3, 8)
    outputs = []
    hooks = [block.register_forward_hook(lambda *args: outputs.append(args[-1])) for block in generator.blocks]
    _, taps = generator(z, return_taps=True)
    for hook in hooks:
        hook.remove()
    assert torch.equal(taps[8], outputs[0])
    assert torch.equal(taps[16], outputs[1])


def test_injected_features_are_added_before_they_go_on(generator):
    z, added = torch.randn(3, 8), torch.randn(3, 4, 8, 8)
    images, taps = generator(z, return_taps=True)
    changed, changed_taps = generator(z, injected={8: added}, return_taps=True)
    torch.testing.assert_close(changed_taps[8], taps[8] + added)
    torch.testing.assert_close(changed_taps[16], generator.blocks[1](taps[8] + added, None))
    assert not torch.allclose(changed, images)
    # The same through what another noise's features differ by: the rest of the network sees only them.
    other, other_taps = generator(torch.randn(3, 8), return_taps=True)
    same = generator(z, injected={8: other_taps[8] - taps[8]})
    torch.testing.assert_close(same, other, atol=1e-5, rtol=1e-4)


def test_zero_injection_changes_nothing(generator):
    z = torch.randn(2, 8)
    zeros = {8: torch.zeros(2, 4, 8, 8), 16: torch.zeros(2, 2, 16, 16)}
    assert torch.equal(generator(z, injected=zeros), generator(z))


def test_gradients_reach_what_is_injected(generator):
    added = torch.zeros(2, 2, 16, 16, requires_grad=True)
    generator(torch.randn(2, 8), injected={16: added}).sum().backward()
    assert added.grad.abs().sum() > 0


def test_injection_at_an_unknown_resolution_or_of_another_shape(generator):
    z = torch.randn(2, 8)
    with pytest.raises(ValueError, match=r'resolution 4; it has taps at \[8, 16\]'):
        generator(z, injected={4: torch.zeros(2, 8, 4, 4)})
    with pytest.raises(ValueError, match=r'resolution 8 must be of the shape \(N, 4, 8, 8\), got \(2, 1, 8, 8\)'):
        generator(z, injected={8: torch.zeros(2, 1, 8, 8)})


def test_critic_returns_the_features_of_the_last_block_of_each_resolution(critic):
    network, channels = critic
    images = torch.rand(3, 3, 16, 16)
    scores, taps = network(images, return_taps=True)
    assert network.tap_channels == channels
    assert {r: tuple(x.shape) for r, x in taps.items()} == {r: (3, c, r, r) for r, c in channels.items()}
    assert torch.equal(scores, network(images))


def test_critic_with_a_class_head_returns_scores_and_logits_beside_the_features():
    critic = WGANGPCritic(image_size=8, base_channels=2, channel_mults=(1, 2), num_classes=4)
    (scores, logits), taps = critic(torch.rand(2, 3, 8, 8), return_taps=True)
    assert scores.shape == (2,)
    assert logits.shape == (2, 4)
    assert list(taps) == [4]
