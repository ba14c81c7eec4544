"""Dicts of networks, nested batches, moves and settings that stages change, and a pass that players share."""

from __future__ import annotations

import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.losses.base import WeightedLoss
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS


@MODELS.register_module(force=True)
class Factor(BaseModule):
    """Multiplies by one trainable number."""

    def __init__(self, value=1.0):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(float(value)))

    def forward(self, x):
        return self.value * x


@MODELS.register_module(force=True)
class Mean(WeightedLoss):
    """The mean of what it is given."""

    def forward(self, x):
        return x.mean()


@MODELS.register_module(force=True)
class TwoSources(AdversarialModel):
    """A maker of two numbers, and a judge of what it made."""

    players = dict(judge=['judges'], maker=['makers'])
    shared_player = 'maker'
    stage_settings = dict(scale=1.0)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.passes = []

    def shared_pass(self, batch):
        self.passes.append(batch.random.uniform(1).item())
        return {name: self.makers[name](batch[name]['images']) for name in self.makers}

    def judge_losses(self, batch):
        made = torch.cat([x.detach() for x in batch.shared.values()])
        return dict(mean=self.losses['mean'](self.judges['one'](made)))

    def maker_losses(self, batch):
        made = torch.cat(list(batch.shared.values()))
        return dict(mean=self.setting('scale') * self.losses['mean'](self.judges['one'](made)))


def config(**overrides):
    return (
        dict(
            type='TwoSources',
            networks=dict(
                judges=dict(one=dict(type='Factor', value=2)),
                makers=dict(a=dict(type='Factor', value=3), b=dict(type='Factor', value=5)),
            ),
            losses=dict(mean=dict(type='Mean')),
            moves=[dict(player='judge', every=3), dict(player='maker')],
        )
        | overrides
    )


def data():
    return dict(a=dict(images=torch.full((1, 1, 1, 1), 4.0)), b=dict(images=torch.full((1, 1, 1, 1), 8.0)))


class Raw(nn.Module):
    """A preprocessor that leaves nested batches as they are."""

    def forward(self, batch, training=False, random=None):
        return batch


@pytest.fixture
def game(build_game):
    def build(**overrides):
        model = build_game(config(**overrides))
        model.data_preprocessor = Raw()
        return model

    return build


def values(model):
    return [round(p.item(), 4) for p in (model.judges['one'].value, model.makers['a'].value, model.makers['b'].value)]


def test_by_hand(game, build_wrappers):
    """Two steps of plain descent at 0.01: the judge moves in the first, on the makers' outputs before their step."""
    model = game()
    wrappers = build_wrappers(model, type='SGD', lr=0.01)
    model.train_step(data(), wrappers, 0)
    judge = 2 - 0.01 * (3 * 4 + 5 * 8) / 2
    a, b = 3 - 0.01 * judge * 4 / 2, 5 - 0.01 * judge * 8 / 2
    assert values(model) == [round(x, 4) for x in (judge, a, b)]
    model.train_step(data(), wrappers, 1)
    a, b = a - 0.01 * judge * 4 / 2, b - 0.01 * judge * 8 / 2
    assert values(model) == [round(x, 4) for x in (judge, a, b)]


def test_the_pass_is_made_once_an_iteration_with_random_numbers_of_its_own(game, build_wrappers):
    model = game()
    wrappers = build_wrappers(model)
    for iteration in range(4):
        logs = model.train_step(data(), wrappers, iteration, seed=7)
        assert ('judge/mean' in logs) is (iteration % 3 == 0)
    assert len(model.passes) == len(set(model.passes)) == 4


@pytest.mark.parametrize(
    ('stage', 'moving'),
    [
        (dict(train=['makers.b']), [False, False, True]),
        (dict(freeze=['makers.a']), [True, False, True]),
        (dict(train=['makers'], freeze=['makers.b']), [False, True, False]),
        (dict(train=['judges']), [True, False, False]),
        (dict(freeze=['makers']), [True, False, False]),
    ],
)
def test_members_of_a_dict_are_trained_and_frozen_one_by_one(game, build_wrappers, stage, moving):
    model = game(stages=[dict(name='only', **stage)])
    before = values(model)
    model.train_step(data(), build_wrappers(model), 0)
    assert [a != b for a, b in zip(values(model), before, strict=True)] == moving
    modes = [model.judges['one'].training, model.makers['a'].training, model.makers['b'].training]
    assert modes == moving
    assert all(p.requires_grad for p in model.parameters())


def test_frozen_members_have_no_graph(game):
    model = game(stages=[dict(name='only', freeze=['makers.a'])])
    with model._only_trainable(model.trained['maker']):
        made = model.shared_pass(Batch(data(), StepRandom(0)))
    assert {name: x.requires_grad for name, x in made.items()} == dict(a=False, b=True)


def test_names_of_what_is_trained(game):
    names = {
        None: ['judges', 'makers'],
        ('makers',): ['makers'],
        ('makers.a', 'makers.b'): ['makers'],
        ('makers.a',): ['makers.a'],
    }
    for train, expected in names.items():
        model = game(stages=[dict(name='only', train=None if train is None else list(train))])
        assert model.trained_names() == expected


def test_settings_of_a_stage(game, build_wrappers):
    model = game(stages=[dict(name='one', iters=1), dict(name='two', iters=1, settings=dict(scale=3.0))])
    shared = dict(a=torch.ones(1), b=torch.ones(1))
    found = []
    for stage in (0, 1):
        model.enter_stage(stage)
        found.append(model.maker_losses(Batch(data(), StepRandom(0), shared))['mean'].item())
    assert found == [2, 6]


def test_size_of_a_nested_batch():
    assert Batch(dict(RS=dict(rgb=torch.zeros(3, 1))), StepRandom(0)).size == 3


def test_parts_of_a_nested_batch(game):
    model = game()
    model.shared_player = None
    object.__setattr__(model.moves[0], 'repeat', 2)
    batch = {name: dict(images=torch.arange(4.0).view(4, 1)) for name in ('a', 'b')}
    parts = model._split(batch)
    assert [part['b']['images'].flatten().tolist() for part in parts] == [[0, 1], [2, 3]]
    batch['b']['images'] = torch.zeros(3, 1)
    with pytest.raises(ValueError, match='a batch of 3 images'):
        model._split(batch)


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (dict(moves=[dict(player='maker', repeat=2)]), 'share one forward pass'),
        (dict(moves=[dict(player='maker', every=0)]), 'every are at least 1'),
        (dict(stages=[dict(name='x', train=['makers.c'])]), "train names 'makers.c'.*Did you mean 'makers"),
        (dict(stages=[dict(name='x', settings=dict(scael=1))]), "settings names 'scael'.*Did you mean 'scale'"),
    ],
)
def test_impossible_games(overrides, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(config(**overrides))
