"""What mining leaves alone and what it moves, for each family of generators at test size."""

from __future__ import annotations

import pytest
import torch

SNGAN = dict(image_size=32, base_channels=4)
BIGGAN = dict(image_size=32, base_channels=4, num_classes=10)
PROGAN = dict(image_size=8, base_channels=32, max_channels=8)


def miner(*dims: int) -> dict:
    return dict(type='MLPMiner', dims=dims)


FAMILIES = dict(
    SNGAN=(
        dict(type='SNGANGenerator', noise_size=16, **SNGAN),
        dict(type='SNGANDiscriminator', **SNGAN),
        miner(8, 12, 16),
        'HingeLoss',
    ),
    BigGAN=(
        dict(type='BigGANGenerator', noise_size=16, embedding_size=8, **BIGGAN),
        dict(type='BigGANDiscriminator', projection=False, **BIGGAN),
        dict(type='ConditionalMiner', miner_z=miner(6, 12, 16), miner_c=miner(6, 12, 8)),
        'HingeLoss',
    ),
    ProGAN=(
        dict(type='ProGANGenerator', noise_size=8, **PROGAN),
        dict(type='ProGANDiscriminator', **PROGAN),
        miner(4, 8, 8),
        'WassersteinLoss',
    ),
    MNIST=(
        dict(type='WGANGPGenerator28', dim=16, noise_size=16),
        dict(type='WGANGPCritic28', dim=16),
        miner(16, 16, 16),
        'WassersteinLoss',
    ),
)


@pytest.mark.parametrize('family', FAMILIES)
def test_mining(family, build_game, build_wrappers, state_of, changed):
    generator, critic, miner_config, loss = FAMILIES[family]
    model = build_game(
        dict(
            type='MineGAN',
            networks=dict(generators=[generator], miners=[miner_config], critic=critic),
            losses=dict(adversarial=dict(type=loss)),
            moves=[dict(player='critic'), dict(player='generator')],
            stages=[dict(name='mine', iters=5, train=['miners', 'critic']), dict(name='finetune', iters=2)],
        )
    )
    wrappers = build_wrappers(model)
    gradients = []
    wrappers['generator'].optimizer.register_step_pre_hook(
        lambda *args: gradients.append([p.grad.clone() for p in model.miners.parameters()])
    )
    before = {name: state_of(getattr(model, name)) for name in model.network_names}
    channels, side = model.generators[0].out_channels, model.generators[0].image_size
    random = torch.Generator().manual_seed(0)
    for iteration in range(5):
        images = torch.randint(256, (4, channels, side, side), generator=random).byte()
        model.train_step(dict(images=images), wrappers, iteration)
    assert changed(model.generators, before['generators']) == set(), 'parameters, statistics, singular vectors'
    assert all(p.grad is None for p in model.generators.parameters())
    assert changed(model.miners, before['miners']) == set(before['miners'])
    assert any('weight' in name for name in changed(model.critic, before['critic']))
    assert len(gradients) == 5
    assert all(torch.isfinite(g).all() and g.abs().max() > 0 for step in gradients for g in step)

    model.enter_stage(1)
    model.train_step(dict(images=images), wrappers, 5)
    moved = changed(model.generators, before['generators'])
    assert len(moved) > 3
    assert not any('shared' in name for name in moved)  # BigGAN's table of the labels


def test_the_label_does_not_count_without_the_projection(build_game):
    """The critic of a mined BigGAN keeps its table, and gives it no gradient."""
    generator, critic, miner_config, loss = FAMILIES['BigGAN']
    model = build_game(
        dict(
            type='MineGAN',
            networks=dict(generators=[generator], miners=[miner_config], critic=critic),
            losses=dict(adversarial=dict(type=loss)),
            moves=[dict(player='critic'), dict(player='generator')],
        )
    )
    model.critic.eval()
    images = torch.rand(3, 3, 32, 32)
    scores = [model.critic(images, labels) for labels in (None, torch.zeros(3).long(), torch.tensor([1, 5, 9]))]
    assert torch.equal(scores[0], scores[1])
    assert torch.equal(scores[0], scores[2])
    scores[2].sum().backward()
    assert all(p.grad is None for p in model.critic.embed.parameters())
    assert model.critic.linear.bias.grad is not None
