"""MineGAN with one generator: what mining leaves alone, and what it moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmgentransfer.models.step_random import StepRandom


def miner_gradients(wrapper, model):
    """Returns a list to which every generator step adds the miner's gradients."""
    steps = []

    def record(optimizer, args, kwargs):
        steps.append({name: p.grad.clone() for name, p in model.miners[0].named_parameters()})

    wrapper.optimizer.register_step_pre_hook(record)
    return steps


def test_mining_leaves_the_generator_bit_identical(
    game_configs, build_game, build_wrappers, digit_images, state_of, changed
):
    model = build_game(game_configs['MineGAN'](n_critic=2))
    wrappers = build_wrappers(model)
    generator, miner, critic = (state_of(network) for network in (model.generators, model.miners, model.critic))
    assert any('running_mean' in name for name in generator)
    for iteration in range(5):
        model.train_step(digit_images(8, seed=iteration), wrappers, iteration)
    assert changed(model.generators, generator) == set(), 'parameters, running statistics and counters'
    assert all(p.grad is None for p in model.generators.parameters())
    assert not any(p in wrappers['generator'].optimizer.state for p in model.generators.parameters())
    assert changed(model.miners, miner) == set(miner)
    assert changed(model.critic, critic) == set(critic) - {'score_head.bias'}


def test_fine_tuning_trains_everything(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    model = build_game(game_configs['MineGAN']())
    model.enter_stage(1)
    generator, miner = state_of(model.generators), state_of(model.miners)
    model.train_step(digit_images(4), build_wrappers(model), iteration=3)
    assert changed(model.generators, generator) == set(generator)
    assert changed(model.miners, miner) == set(miner)


@pytest.mark.parametrize('stage', [0, 1])
@pytest.mark.parametrize('player', ['critic', 'generator'])
def test_each_move_leaves_the_other_player_alone(
    stage, player, game_configs, build_game, build_wrappers, digit_images, state_of, changed
):
    model = build_game(game_configs['MineGAN']() | dict(moves=[dict(player=player)]))
    model.enter_stage(stage)
    others = dict(critic=['miners', 'generators'], generator=['critic'])[player]
    before = {name: state_of(getattr(model, name)) for name in others}
    model.train_step(digit_images(4), build_wrappers(model), iteration=3)
    for name in others:
        network = getattr(model, name)
        assert changed(network, before[name]) <= {key for key, _ in network.named_buffers()}
        assert all(p.grad is None for p in network.parameters())


def test_miner_gradient(game_configs, build_game, build_wrappers, digit_images):
    """Finite, non-zero in every layer, and that of one iteration alone."""
    model = build_game(game_configs['MineGAN']())
    wrappers = build_wrappers(model, type='SGD', lr=0.0)
    recorded = miner_gradients(wrappers['generator'], model)
    for iteration in range(3):
        model.train_step(digit_images(8), wrappers, iteration, seed=4)
    model.generators.eval()
    for iteration, gradients in enumerate(recorded):
        noise = StepRandom(4, iteration, 1, 0, 0).normal(8, 32)
        loss = -model.critic(model.generators[0](model.miners[0](noise))).mean()
        fresh = torch.autograd.grad(loss, list(model.miners.parameters()))
        for (name, gradient), expected in zip(gradients.items(), fresh, strict=True):
            assert torch.isfinite(gradient).all(), name
            assert gradient.abs().max() > 0, name
            torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-8)
    assert not torch.equal(recorded[0]['layers.0.weight'], recorded[1]['layers.0.weight'])


def test_first_stage_alone_is_mining_without_fine_tuning(game_configs, build_game):
    config = game_configs['MineGAN'](mining=7)
    config['stages'] = config['stages'][:1]
    model = build_game(config)
    assert [model.stage_index_at(i) for i in (0, 6)] == [0, 0]
    assert model.trained == dict(critic=['critic'], generator=['miners.0'])


def test_latents_go_through_the_miner(game_configs, build_game):
    config = game_configs['MineGAN'](width=2)
    config['networks']['miners'] = [dict(type='MLPMiner', dims=[4, 16, 32])]
    model = build_game(config)
    assert model.latent_size == 4
    latents = model.draw_latents(6, seed=2)
    assert latents.shape == (6, 4)
    model.eval()
    expected = model.generators[0](model.miners[0](latents))
    torch.testing.assert_close(model.generate(latents, batch_size=6), expected)


def test_source_samples_do_without_the_miner(game_configs, build_game, state_of, changed):
    model = build_game(game_configs['MineGAN'](width=2))
    model.eval()
    before = state_of(model)
    images = model.sample(5, seed=3, use_miner=False)
    with torch.no_grad():
        expected = model.to_pixels(model.generators[0](StepRandom(3).normal(5, 32)))
    assert images.shape == (5, 8, 8, 1)
    np.testing.assert_array_equal(images, expected)
    assert not np.array_equal(images, model.sample(5, seed=3))
    assert changed(model, before) == set()


@pytest.mark.parametrize(
    ('networks', 'message'),
    [
        (dict(miners=[dict(type='MLPMiner', dims=[32, 30])]), r'ends in 30 features.*noise_size=32.*must be 32'),
        (dict(miners=dict(type='MLPMiner', dims=[32, 32])), r'model\.networks\.miners must be a list'),
        (
            dict(miners=[dict(type='MLPMiner', dims=[32, 32])] * 2),
            r'networks\.miners has 2 networks and model\.networks\.generators 1: each',
        ),
    ],
)
def test_miners_that_do_not_fit(networks, message, game_configs, build_game):
    config = game_configs['MineGAN'](width=2)
    config['networks'].update(networks)
    with pytest.raises(ValueError, match=message):
        build_game(config)
