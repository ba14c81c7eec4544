"""The training step: who moves, on what, with which gradient."""

from __future__ import annotations

import logging

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from torch import nn

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.losses.base import WeightedLoss
from mmgentransfer.registry import MODELS


@MODELS.register_module(force=True)
class Scale(BaseModule):
    """Multiplies by one trainable number."""

    def __init__(self, value=1.0):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(float(value)))

    def forward(self, x):
        return self.value * x


@MODELS.register_module(force=True)
class MeanLoss(WeightedLoss):
    """The mean of what it is given."""

    def forward(self, x):
        return x.mean()


@MODELS.register_module(force=True)
class TwoScales(AdversarialModel):
    """A game in which every number can be worked out by hand: terms are means of scaled pixels."""

    players = dict(first=['a'], second=['b'])

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def terms(self, network, batch):
        self.seen.append((network, batch['images'].flatten().tolist()))
        output = getattr(self, network)(batch['images'])
        return {name: loss(output) for name, loss in self.losses.items()}

    def first_losses(self, batch):
        return self.terms('a', batch)

    def second_losses(self, batch):
        return self.terms('b', batch)


def two_scales(**overrides):
    return dict(
        type='TwoScales',
        networks=dict(a=dict(type='Scale', value=2.0), b=dict(type='Scale', value=3.0)),
        losses=dict(mean=dict(type='MeanLoss')),
        moves=[dict(player='first'), dict(player='second')],
        **overrides,
    )


def floats(*values):
    return dict(images=torch.tensor(values).view(-1, 1, 1, 1))


# ---------------------------------------------------------------------------------------------------- moves


def test_each_repeat_gets_images_of_its_own(build_game, build_wrappers):
    config = two_scales() | dict(moves=[dict(player='first', repeat=3), dict(player='second')])
    model = build_game(config)
    model.train_step(floats(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), build_wrappers(model))
    assert model.seen == [('a', [1, 2]), ('a', [3, 4]), ('a', [5, 6]), ('b', [1, 2])]


def test_the_order_of_the_moves_is_the_configs(build_game, build_wrappers):
    config = two_scales() | dict(moves=[dict(player='second'), dict(player='first'), dict(player='second')])
    model = build_game(config)
    model.train_step(floats(1.0), build_wrappers(model))
    assert [name for name, _ in model.seen] == ['b', 'a', 'b']


def test_step_by_hand(build_game, build_wrappers):
    """Gradient descent on mean(a x): the gradient is the images' mean, at each of the two updates."""
    config = two_scales() | dict(moves=[dict(player='first', repeat=2)])
    model = build_game(config)
    logs = model.train_step(floats(1.0, 3.0, 5.0, 7.0), build_wrappers(model, type='SGD', lr=0.1))
    assert model.a.value.item() == pytest.approx(2 - 0.1 * 2 - 0.1 * 6)
    assert model.b.value.item() == 3
    # the terms of the last update, before its step: (2 - 0.2) * 6
    assert logs.keys() == {'first/mean'}
    assert logs['first/mean'].item() == pytest.approx(10.8)
    assert not logs['first/mean'].requires_grad


def test_accumulation_is_the_mean_of_the_micro_batches(build_game, build_wrappers):
    config = two_scales() | dict(moves=[dict(player='first', accumulate=2)])
    model = build_game(config)
    model.train_step(floats(1.0, 3.0, 5.0, 7.0), build_wrappers(model, type='SGD', lr=0.1))
    assert model.seen == [('a', [1, 3]), ('a', [5, 7])]
    assert model.a.value.item() == pytest.approx(2 - 0.1 * 4)


def test_repeat_and_accumulate_split_together(build_game, build_wrappers):
    config = two_scales() | dict(moves=[dict(player='first', repeat=2, accumulate=2), dict(player='second')])
    model = build_game(config)
    assert model.num_chunks == 4
    model.train_step(floats(1.0, 2.0, 3.0, 4.0), build_wrappers(model))
    assert model.seen == [('a', [1]), ('a', [2]), ('a', [3]), ('a', [4]), ('b', [1])]


def test_uneven_batch_is_refused(build_game, build_wrappers):
    model = build_game(two_scales() | dict(moves=[dict(player='first', repeat=2)]))
    with pytest.raises(
        ValueError, match=r"train_dataloader\.batch_size: a batch of 5 images can't be split into the 2"
    ):
        model.train_step(floats(1.0, 2.0, 3.0, 4.0, 5.0), build_wrappers(model))
    assert model.seen == []


# -------------------------------------------------------------------------------------- what requires gradients


def test_only_the_moving_player_requires_gradients(build_game, build_wrappers, monkeypatch):
    model = build_game(two_scales())
    seen = []
    original = TwoScales.terms

    def terms(self, network, batch):
        seen.append((network, self.a.value.requires_grad, self.b.value.requires_grad))
        return original(self, network, batch)

    monkeypatch.setattr(TwoScales, 'terms', terms)
    model.train_step(floats(1.0), build_wrappers(model))
    assert seen == [('a', True, False), ('b', False, True)]
    assert model.a.value.requires_grad
    assert model.b.value.requires_grad
    assert model.a.value.grad is None
    assert model.b.value.grad is None


def test_parameters_are_freed_after_an_error(build_game, build_wrappers, monkeypatch):
    model = build_game(two_scales())

    def fail(self, batch):
        raise RuntimeError('broken')

    monkeypatch.setattr(TwoScales, 'first_losses', fail)
    with pytest.raises(RuntimeError, match='broken'):
        model.train_step(floats(1.0), build_wrappers(model))
    assert model.b.value.requires_grad


def test_old_gradients_do_not_add_up(build_game, build_wrappers):
    model = build_game(two_scales())
    model.a.value.grad = torch.tensor(100.0)
    model.b.value.grad = torch.tensor(100.0)
    model.train_step(floats(1.0), build_wrappers(model, type='SGD', lr=0.1))
    assert model.a.value.item() == pytest.approx(1.9)
    assert model.b.value.item() == pytest.approx(2.9)


# ---------------------------------------------------------------------------------------------------- weights


def test_terms_are_weighted_and_logged_without_their_weight(build_game, build_wrappers):
    config = two_scales() | dict(
        losses=dict(one=dict(type='MeanLoss', loss_weight=0.5), two=dict(type='MeanLoss', loss_weight=2)),
        moves=[dict(player='first')],
    )
    model = build_game(config)
    logs = model.train_step(floats(4.0), build_wrappers(model, type='SGD', lr=0.1))
    assert model.a.value.item() == pytest.approx(2 - 0.1 * 2.5 * 4)
    assert {name: value.item() for name, value in logs.items()} == {'first/one': 8, 'first/two': 8}


def test_a_stage_has_weights_of_its_own(build_game, build_wrappers):
    stages = [dict(name='early', iters=1), dict(name='late', iters=1, loss_weights=dict(mean=5.0))]
    model = build_game(two_scales(stages=stages) | dict(moves=[dict(player='first')]))
    assert model.weight('mean') == 1
    model.enter_stage(1)
    assert model.weight('mean') == 5
    assert model.weight('absent') == 0
    model.train_step(floats(1.0), build_wrappers(model, type='SGD', lr=0.1))
    assert model.a.value.item() == pytest.approx(1.5)


@MODELS.register_module(force=True)
class RaisingPenalty(WeightedLoss):
    """Says when it is computed."""

    def forward(self, *args):
        raise RuntimeError('computed')


@pytest.mark.parametrize('term', ['gradient_penalty', 'drift'])
def test_a_term_of_weight_zero_is_not_computed(term, game_configs, build_game, build_wrappers, digit_images):
    def step(weight, stage_weights=None):
        config = game_configs['TransferGAN'](width=2)
        config['losses'] = dict(
            adversarial=dict(type='WassersteinLoss'), **{term: dict(type='RaisingPenalty', loss_weight=weight)}
        )
        config['stages'] = [dict(name='only', loss_weights=stage_weights or {})]
        model = build_game(config)
        return model.train_step(digit_images(4), build_wrappers(model))

    assert step(0.0).keys() == {'critic/adversarial', 'generator/adversarial'}
    assert f'critic/{term}' not in step(1.0, {term: 0})
    with pytest.raises(RuntimeError, match='computed'):
        step(1.0)
    with pytest.raises(RuntimeError, match='computed'):
        step(0.0, {term: 1})


# ----------------------------------------------------------------------------------------------------- stages


def test_stage_boundaries(build_game):
    stages = [dict(name=str(n), iters=n) for n in (3, 2, 4)]
    model = build_game(two_scales(stages=stages))
    assert [model.stage_index_at(i) for i in range(9)] == [0, 0, 0, 1, 1, 2, 2, 2, 2]


def test_a_player_without_trained_networks_does_not_move(build_game, build_wrappers):
    stages = [dict(name='only first', iters=1, train=['a']), dict(name='all', iters=1)]
    model = build_game(two_scales(stages=stages))
    wrappers = build_wrappers(model, type='SGD', lr=0.1)
    assert model.train_step(floats(1.0), wrappers).keys() == {'first/mean'}
    assert [name for name, _ in model.seen] == ['a']
    assert model.b.value.item() == 3
    model.enter_stage(1)
    assert model.train_step(floats(1.0), wrappers).keys() == {'first/mean', 'second/mean'}
    assert model.b.value.item() == pytest.approx(2.9)


def test_frozen_networks_are_in_eval_mode(build_game):
    stages = [dict(name='only first', iters=1, train=['a']), dict(name='all', iters=1)]
    model = build_game(two_scales(stages=stages))
    model.add_ema(['a'])
    modes = {}
    for index in (0, 1):
        model.enter_stage(index)
        model.train()
        modes[index] = model.a.training, model.b.training, model.ema['a'].training
    assert modes == {0: (True, False, False), 1: (True, True, False)}
    model.eval()
    model.enter_stage(0)
    assert not any(module.training for module in model.modules()), 'entering a stage must not end eval mode'


# --------------------------------------------------------------------------------------------------- wrong configs


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (dict(moves=[dict(player='frist')]), r"model\.moves\[0\]\.player is 'frist'.*'first', 'second'.*mean 'first'"),
        (dict(moves=[dict(player='first'), dict(player='second', times=2)]), r'model\.moves\[1\].*times'),
        (
            dict(moves=[dict(player='first', repeat=0)]),
            r'moves\[0\]: repeat, accumulate and every are at least 1',
        ),
        (
            dict(stages=[dict(name='s', train=['a', 'c'])]),
            r"model\.stages\[0\]\.train names 'c'; known are \['a', 'b'\]",
        ),
        (
            dict(stages=[dict(name='s', loss_weights=dict(maen=1))]),
            r"stages\[0\]\.loss_weights names 'maen'.*mean 'mean'",
        ),
        (dict(stages=[dict(name='s', lr=dict(thrid=1))]), r"model\.stages\[0\]\.lr names 'thrid'"),
        (dict(stages=[dict(name='s', iters=0)]), r'model\.stages\[0\]\.iters must be at least 1, got 0'),
        (dict(stages=[dict(name='s', itres=3)]), r'model\.stages\[0\].*itres'),
        (dict(stages=[dict(name='s', iters=2), dict(name='t')]), r'model\.stages needs its iters'),
        (dict(networks=dict(a=dict(type='Scale'))), r"model\.networks lacks \['b'\]"),
        (
            dict(networks={k: dict(type='Scale') for k in ('a', 'b', 'bb')}),
            r"model\.networks has 'bb'.*Did you mean 'b'",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused(overrides, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(two_scales() | overrides)


def test_unknown_type_says_what_was_meant(build_game):
    with pytest.raises(KeyError, match=r"'Scael' is not a registered model.*Did you mean 'Scale'"):
        build_game(two_scales() | dict(networks=dict(a=dict(type='Scael'), b=dict(type='Scale'))))


def test_forward_is_no_part_of_a_game(build_game):
    with pytest.raises(TypeError, match='TwoScales has no forward pass'):
        build_game(two_scales())(torch.ones(1))


# ------------------------------------------------------------------------------------------------ initial weights


def test_a_networks_weights_do_not_depend_on_the_other_networks(game_configs, build_game):
    narrow, wide = game_configs['TransferGAN'](width=2), game_configs['TransferGAN'](width=2)
    wide['networks']['generator']['base_channels'] = 8
    first, second = build_game(narrow, seed=5), build_game(wide, seed=5)
    other_seed = build_game(narrow, seed=6)
    state = first.critic.state_dict()
    assert all(torch.equal(tensor, second.critic.state_dict()[name]) for name, tensor in state.items())
    assert not torch.equal(state['input_conv.weight'], other_seed.critic.state_dict()['input_conv.weight'])


def test_building_does_not_move_the_global_random_state(game_configs, build_game):
    build_game(game_configs['TransferGAN'](width=2), seed=5)
    torch.manual_seed(5)
    expected = torch.rand(3)
    build_game(game_configs['TransferGAN'](width=2), seed=5)
    assert torch.equal(torch.rand(3), expected)


# ---------------------------------------------------------------------------------------------------- optimisers


def test_optimiser_wrappers_need_every_player(build_game):
    from mmgentransfer.engine.optimizers import PlayerOptimWrappers

    model = build_game(two_scales())
    adam = dict(optimizer=dict(type='Adam'))
    for config, message in [
        (dict(first=adam), "optim_wrapper lacks the player 'second'"),
        (
            dict(first=adam, second=adam, thrid=adam),
            r"optim_wrapper has 'thrid'; the players are \['first', 'second'\]",
        ),
        (dict(first=adam, second=dict(adam, accumulative_counts=2)), r'optim_wrapper\.second\.accumulative_counts'),
    ]:
        with pytest.raises(ValueError, match=message):
            PlayerOptimWrappers(config)(model)
    with pytest.raises(ValueError, match=r'optim_wrapper\.paramwise_cfg'):
        PlayerOptimWrappers(dict(first=adam, second=adam), dict(bias_lr_mult=2))


def test_parameter_wise_settings_of_a_player(build_game, game_configs):
    from mmgentransfer.engine.optimizers import PlayerOptimWrappers

    model = build_game(game_configs['MineGAN'](width=2))
    adam = dict(optimizer=dict(type='Adam', lr=1.0))
    slow_miners = dict(adam, paramwise_cfg=dict(custom_keys=dict(miners=dict(lr_mult=0.1))))
    logger, lines = MMLogger.get_current_instance(), []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())
    logger.addHandler(handler)
    wrappers = PlayerOptimWrappers(dict(critic=adam, generator=slow_miners))(model)
    logger.removeHandler(handler)
    slow = sum(parameter.numel() for parameter in model.miners.parameters())
    (line,) = lines  # and none for each parameter
    assert line.startswith(f'optim_wrapper.generator: {slow:,} parameters at lr=0.1, ')
    rates = {
        id(parameter): group['lr']
        for group in wrappers['generator'].optimizer.param_groups
        for parameter in group['params']
    }
    assert {rates[id(p)] for p in model.miners.parameters()} == {0.1}
    assert {rates[id(p)] for p in model.generators.parameters()} == {1.0}
    assert len(rates) == len(list(model.miners.parameters())) + len(list(model.generators.parameters()))
