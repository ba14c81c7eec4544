"""Stages that train a part of a network, or say in which mode it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')


def config_of(game_configs, **stage) -> dict:
    return game_configs['MineGAN'](width=2) | dict(stages=[dict(name='finetune', **stage)])


def step(model, build_wrappers, digit_images):
    wrappers = build_wrappers(model)
    for iteration in range(2):
        model.train_step(digit_images(4, seed=iteration), wrappers, iteration)
    return wrappers


def test_a_part_of_the_generators_is_trained(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    model = build_game(config_of(game_configs, only=dict(generators=['norm1', r'output_conv\.bias$'])))
    before, miner = state_of(model.generators), state_of(model.miners)
    wrappers = step(model, build_wrappers, digit_images)
    expected = {name for name in before if 'norm1' in name or name.endswith('output_conv.bias')}
    assert any('running_mean' in name for name in expected)
    assert changed(model.generators, before) == expected
    assert changed(model.miners, miner) == set(miner)
    named = dict(model.generators.named_parameters())
    state = wrappers['generator'].optimizer.state
    for name, parameter in named.items():
        assert (parameter in state) == (name in expected), name
        assert name in expected or parameter.grad is None


def test_layers_without_a_trained_parameter_are_in_eval_mode(game_configs, build_game):
    model = build_game(config_of(game_configs, only=dict(generators=['norm1'])))
    norms = {n: m.training for n, m in model.generators.named_modules() if isinstance(m, nn.BatchNorm2d)}
    assert norms
    assert all(training == ('norm1' in name) for name, training in norms.items())
    assert model.critic.training


def test_a_frozen_generator_in_train_mode(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    """Only its running statistics drift."""
    config = config_of(game_configs, train=['miners', 'critic'], modes=dict(generators='train'))
    model = build_game(config)
    before = state_of(model.generators)
    step(model, build_wrappers, digit_images)
    assert changed(model.generators, before) == {name for name in before if name.endswith(STATISTICS)}
    assert all(p.grad is None for p in model.generators.parameters())


@pytest.mark.parametrize('mode', ['fixed_statistics', 'eval'])
def test_fine_tuning_on_fixed_statistics(
    mode, game_configs, build_game, build_wrappers, digit_images, state_of, changed
):
    model = build_game(config_of(game_configs, modes=dict(generators=mode)))
    before = state_of(model.generators)
    step(model, build_wrappers, digit_images)
    assert changed(model.generators, before) == {name for name in before if not name.endswith(STATISTICS)}
    assert model.generators.training == (mode == 'fixed_statistics')


def test_power_iterations_go_on_with_fixed_statistics(build_game):
    generator = dict(type='BigGANGenerator', noise_size=16, image_size=32, base_channels=1, num_classes=3)
    model = build_game(
        dict(
            type='TransferGAN',
            networks=dict(
                generator=generator,
                critic=dict(type='BigGANDiscriminator', image_size=32, base_channels=1, num_classes=3),
            ),
            losses=dict(adversarial=dict(type='HingeLoss')),
            moves=[dict(player='critic'), dict(player='generator')],
            stages=[dict(name='finetune', modes=dict(generator='fixed_statistics'))],
        )
    )
    before = {name: buffer.clone() for name, buffer in model.generator.named_buffers()}
    with torch.no_grad():
        model.generator(torch.randn(4, 16), torch.tensor([0, 1, 2, 0]))
    moved = {name for name, buffer in model.generator.named_buffers() if not torch.equal(buffer, before[name])}
    assert moved
    assert all(name.endswith(('_u', '_v')) for name in moved)


@pytest.mark.parametrize(
    ('stage', 'message'),
    [
        (dict(only=dict(generator=['norm'])), r"stages\[0\]\.only names 'generator'.*mean 'generators'"),
        (dict(train=['critic'], only=dict(generators=['norm'])), r"only names 'generators'; known are \['critic'\]"),
        (dict(only=dict(generators='norm')), r'must be a list of one or several regular expressions'),
        (dict(only=dict(generators=[])), r'must be a list of one or several regular expressions'),
        (dict(only=dict(generators=['nrom'])), r"only\['generators'\]: 'nrom' is found in no parameter; they are 0\."),
        (dict(only=dict(generators=['('])), r"'\(' is no regular expression"),
        (dict(modes=dict(generators='trian')), r"modes\['generators'\] must be one of \('train', 'eval', .*'trian'"),
        (dict(modes=dict(generater='eval')), r"modes names 'generater'"),
    ],
)
def test_wrong_stages(stage, message, game_configs, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config_of(game_configs, **stage))
