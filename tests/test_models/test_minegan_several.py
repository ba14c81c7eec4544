"""MineGAN with several generators: supersamples, their winners, and images from more than one generator."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.losses import scores
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

SCORES = [[1.0, 3.0], [2.0, -1.0], [0.0, 0.5], [4.0, 2.0]]
REAL = [2.0, 0.0, 1.0, 1.0]
PLAIN_LOSSES = ('WassersteinLoss', 'HingeLoss', 'LogisticLoss')


@MODELS.register_module(force=True)
class Constant(nn.Module):
    """A generator of images that have z's value everywhere, and whose score is that value's."""

    noise_size, image_size, out_channels = 1, 8, 1

    def __init__(self, shift: float = 0.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.shift = shift

    def forward(self, z):
        return (self.scale * z + self.shift)[:, :, None, None].expand(-1, 1, 8, 8)


@MODELS.register_module(force=True)
class MeanCritic(nn.Module):
    """Scores an image by its mean; with ``mixes_images``, in two batches' halves as well as alone."""

    def __init__(self, mixes_images: bool = False, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))
        self.mixes_images = mixes_images

    def forward(self, images):
        return self.gain * images.flatten(1).mean(1)


class Recorder(nn.Module):
    """Stands for a loss term."""

    loss_weight = 1.0

    def __init__(self, forward):
        super().__init__()
        self.forward = forward


class Noise:
    """Stands for the random numbers of a step: each call of ``normal`` gives the next column of SCORES."""

    def __init__(self):
        self.columns = iter(torch.tensor(SCORES).T)

    def normal(self, num, width):
        return next(self.columns)[:, None]

    def uniform(self, num):
        return torch.full((num,), 0.5)


@MODELS.register_module(force=True)
class Same(nn.Module):
    """A miner that passes its noise on."""

    in_features = out_features = 1

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, u):
        return self.factor * u


def scored_model(build_game, loss='WassersteinLoss', num=2, mixes_images=False, **options):
    """A model whose supersamples have SCORES as their scores."""
    model = build_game(
        dict(
            type='MineGAN',
            data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
            networks=dict(
                generators=[dict(type='Constant')] * num,
                miners=[dict(type='Same')] * num,
                critic=dict(type='MeanCritic', mixes_images=mixes_images),
            ),
            losses=dict(adversarial=dict(type=loss)),
            moves=[dict(player='critic'), dict(player='generator')],
            **options,
        )
    )
    real = torch.tensor(REAL)[:, None, None, None].expand(4, 1, 8, 8)
    return model, Batch(dict(images=real), Noise())


@pytest.mark.parametrize('mixes_images', [False, True])
@pytest.mark.parametrize(
    ('loss', 'critic', 'generator'),
    [
        ('WassersteinLoss', 1.375, -2.375),
        ('HingeLoss', 3.625, -2.375),
        ('LogisticLoss', 2.903585, 0.166936),
    ],
)
def test_losses_take_the_best_of_each_supersample(loss, critic, generator, mixes_images, build_game):
    for player, expected in (('critic', critic), ('generator', generator)):
        model, batch = scored_model(build_game, loss, mixes_images=mixes_images)
        terms = getattr(model, f'{player}_losses')(batch)
        assert terms['adversarial'].item() == pytest.approx(expected, abs=1e-6)


def test_losses_of_the_mean(build_game):
    model, batch = scored_model(build_game, reduction='mean')
    assert model.critic_losses(batch)['adversarial'].item() == pytest.approx(0.4375)
    model, batch = scored_model(build_game, reduction='mean')
    assert model.generator_losses(batch)['adversarial'].item() == pytest.approx(-1.4375)


@pytest.mark.parametrize('loss', PLAIN_LOSSES)
def test_one_generator_gives_the_plain_loss(loss, build_game):
    for reduction in ('max', 'mean'):
        for player in ('critic', 'generator'):
            model, batch = scored_model(build_game, loss, num=1, reduction=reduction)
            terms = getattr(model, f'{player}_losses')(batch)
            fake = torch.tensor(SCORES)[:, 0]
            arguments = (torch.tensor(REAL), fake) if player == 'critic' else (fake,)
            assert terms['adversarial'] == getattr(model.losses['adversarial'], player)(*arguments)
            assert set(terms) - {'z_abs', 'z_beyond_3'} == {'adversarial'}
            assert model.selector is None


@pytest.mark.parametrize('mixes_images', [False, True])
@pytest.mark.parametrize('frozen', [False, True])
def test_gradients_reach_the_winners_alone(frozen, mixes_images, build_game):
    """dL/dS is -1/4 at a winner, so a miner's factor gets - (sum of its winning scores) / 4."""
    model, batch = scored_model(build_game, mixes_images=mixes_images)
    model.generators.requires_grad_(not frozen)
    model.generator_losses(batch)['adversarial'].backward()
    assert [miner.factor.grad.item() for miner in model.miners] == [-(2 + 4) / 4, -(3 + 0.5) / 4]
    expected = [None, None] if frozen else [-(2 + 4) / 4, -(3 + 0.5) / 4]
    assert [g.scale.grad if g.scale.grad is None else g.scale.grad.item() for g in model.generators] == expected


@pytest.mark.parametrize('mixes_images', [False, True])
def test_the_critic_step_has_no_graph_of_the_others(mixes_images, build_game):
    model, batch = scored_model(build_game, mixes_images=mixes_images)
    model.critic_losses(batch)['adversarial'].backward()
    assert model.critic.gain.grad.item() == pytest.approx(1.375)  # the loss is linear in the gain
    assert all(p.grad is None for p in [*model.miners.parameters(), *model.generators.parameters()])


def test_the_penalty_is_between_real_images_and_winners(build_game):
    seen = []
    for reduction, mixes_images in (('max', False), ('max', True), ('mean', False)):
        model, batch = scored_model(build_game, reduction=reduction, mixes_images=mixes_images)
        model.losses['gradient_penalty'] = Recorder(lambda critic, *inputs: seen.append(inputs))
        model.losses['drift'] = Recorder(lambda real_scores: real_scores.tolist())
        assert model.critic_losses(batch)['drift'] == REAL
    values = [(real[:, 0, 0, 0].tolist(), fake[:, 0, 0, 0].tolist(), len(alpha)) for real, fake, alpha in seen]
    assert values[0] == values[1] == (REAL, [3.0, 2.0, 0.5, 4.0], 4)
    assert values[2] == (REAL * 2, [1.0, 2.0, 0.0, 4.0, 3.0, -1.0, 0.5, 2.0], 8)


def test_a_generator_that_never_wins_does_not_move(build_game, build_wrappers, digit_images, state_of, changed):
    config = dict(
        type='MineGAN',
        networks=dict(
            generators=[dict(type='Constant'), dict(type='Constant'), dict(type='Constant', shift=-1000.0)],
            miners=[dict(type='MLPMiner', dims=[2 + i, 4, 1]) for i in range(3)],
            critic=dict(type='MeanCritic'),
        ),
        losses=dict(adversarial=dict(type='WassersteinLoss')),
        moves=[dict(player='generator')],
    )
    model = build_game(config)
    wrappers = build_wrappers(model)
    miners, generators = [[state_of(n) for n in networks] for networks in (model.miners, model.generators)]
    for iteration in range(3):
        logs = model.train_step(digit_images(16), wrappers, iteration)
    for i in range(3):
        assert bool(changed(model.miners[i], miners[i])) == bool(changed(model.generators[i], generators[i])) == (i < 2)
    shares = [logs[f'generator/p{i}'].item() for i in range(3)]
    assert shares == pytest.approx(model.selector.probabilities.tolist())
    assert shares[2] == 0
    assert sum(shares) == pytest.approx(1)
    assert min(shares[:2]) > 0


def two_of_toy8(game_configs, **options):
    config = game_configs['MineGAN'](width=4)
    generator = config['networks']['generators'][0]
    miners = [dict(type='MLPMiner', dims=[8, 32]), dict(type='MLPMiner', dims=[3, 32])]
    config['networks'].update(generators=[generator, generator], miners=miners)
    return config | options


def test_two_passes_give_the_gradients_of_a_full_graph(game_configs, build_game, digit_images):
    """In the mining stage the generators, which have batch norms, are in eval mode."""
    model = build_game(two_of_toy8(game_configs))
    model.generators[1].load_state_dict(model.generators[0].state_dict())  # so that both win
    images = model.data_preprocessor(digit_images(16))['images']
    gradients = []
    for mixes in (False, True):  # a critic that says that it mixes images gets the full graph
        model.critic.mixes_images = mixes
        model.zero_grad()
        terms = model.generator_losses(Batch(dict(images=images), StepRandom(3)))
        terms['adversarial'].backward()
        gradients.append([terms['adversarial'], *(p.grad for p in model.miners.parameters())])
    for two_passes, full in zip(*gradients, strict=True):
        torch.testing.assert_close(two_passes, full, rtol=1e-4, atol=1e-7)
    assert 0 < model.selector.probabilities[0] < 1


def test_the_critic_learns_in_mixed_precision(game_configs, build_game, digit_images):
    """Autocast must not keep the weights that it cast while the winners were found without a graph."""
    model = build_game(two_of_toy8(game_configs))
    images = model.data_preprocessor(digit_images(8))['images']
    with torch.autocast('cpu', torch.bfloat16):
        loss = model.critic_losses(Batch(dict(images=images), StepRandom(3)))['adversarial']
    loss.backward()
    assert all(p.grad is not None for name, p in model.critic.named_parameters() if 'weight' in name)


def test_stages_with_two_generators(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    model = build_game(two_of_toy8(game_configs))
    model.generators[1].load_state_dict(model.generators[0].state_dict())  # so that both win
    wrappers = build_wrappers(model)
    generators, miners = state_of(model.generators), state_of(model.miners)
    for iteration in range(2):
        model.train_step(digit_images(16, seed=iteration), wrappers, iteration)
    assert changed(model.generators, generators) == set()
    assert changed(model.miners, miners) == set(miners)
    model.enter_stage(1)
    model.train_step(digit_images(16), wrappers, 3)
    assert changed(model.generators, generators) == set(generators)
    assert model.selector.count.item() == 3, "the critic's minibatches are not counted by default"


def test_a_critic_that_mixes_images_sees_one_generator_at_a_time(build_game):
    """Minibatch standard deviation: scores of images of both generators in one call would be others."""
    size = dict(image_size=8, base_channels=32, max_channels=8)
    config = dict(
        type='MineGAN',
        networks=dict(
            generators=[dict(type='ProGANGenerator', noise_size=8, **size)] * 2,
            miners=[dict(type='MLPMiner', dims=[4, 8])] * 2,
            critic=dict(type='ProGANDiscriminator', **size),
        ),
        losses=dict(adversarial=dict(type='WassersteinLoss')),
        moves=[dict(player='generator')],
    )
    model = build_game(config)
    images = [model.generators[i](torch.randn(8, 8)) * (1 + i) for i in range(2)]
    matrix = model.score_supersamples(images)
    separate = torch.stack([scores(model.critic(part)) for part in images], 1)
    together = scores(model.critic(torch.cat(images))).view(2, 8).T
    torch.testing.assert_close(matrix, separate)
    assert not torch.allclose(matrix, together, atol=1e-4)
    calls = []
    model.critic.register_forward_pre_hook(lambda module, inputs: calls.append(len(inputs[0])))
    terms = model.generator_losses(Batch(dict(images=images[0]), StepRandom(0)))
    assert calls == [8, 8]
    terms['adversarial'].backward()
    assert math.isfinite(sum(p.grad.sum() for p in model.miners.parameters()))


# ---------------------------------------------------------------------- sampling


def constants(build_game, probs, **options):
    """Generators whose images are near 0 and near 1."""
    config = dict(
        type='MineGAN',
        data_preprocessor=dict(type='ImagePreprocessor', value_range=(-1.0, 1.0)),
        networks=dict(
            generators=[dict(type='Constant', shift=1e4 * (2 * i - 1)) for i in range(2)],
            miners=[dict(type='MLPMiner', dims=[2, 1]), dict(type='MLPMiner', dims=[5, 1])],
            critic=dict(type='MeanCritic'),
        ),
        losses=dict(adversarial=dict(type='WassersteinLoss')),
        moves=[dict(player='generator')],
        selector=dict(type='FixedSelector', probs=probs) if probs else None,
    )
    return build_game(config | options)


def test_every_image_is_made_by_the_generator_that_was_chosen_for_it(build_game):
    model = constants(build_game, [0.25, 0.75])
    assert model.latent_size == 1 + 5
    latents = model.draw_latents(4000, seed=1)
    choices = model.choose_generators(latents)
    images = model.generate(latents, batch_size=300)
    assert torch.equal(images[:, 0, 0, 0] > 0, choices == 1)
    assert abs(choices.double().mean() - 0.75) <= 0.025
    again = model.sample(4000, seed=1)
    np.testing.assert_array_equal(again, model.to_pixels(images))
    assert set(np.unique(again[choices.numpy() == 0])) == {0}
    assert model.sample(1).shape == (1, 8, 8, 1)


def test_each_image_comes_from_its_own_noise(game_configs, build_game):
    model = build_game(two_of_toy8(game_configs)).eval()
    latents = model.draw_latents(10)
    images = model.generate(latents)
    for i, choice in enumerate(model.choose_generators(latents).tolist()):
        u = latents[i : i + 1, 1 : 1 + (8, 3)[choice]]
        with torch.no_grad():
            expected = model.generators[choice](model.miners[choice](u))
        torch.testing.assert_close(images[i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_a_generator_of_probability_zero_never_appears(build_game):
    assert set(np.unique(constants(build_game, [0.0, 1.0]).sample(500))) == {255}


def test_samples_of_each_generator(build_game):
    model = constants(build_game, [0.0, 1.0])
    for sample in (model.sample(5, generator_index=0), model.sample(5, generator_index=0, use_miner=False)):
        assert sample.shape == (5, 8, 8, 1)
        assert set(np.unique(sample)) == {0}
    assert set(np.unique(model.sample(5, generator_index=1, use_miner=False))) == {255}


def test_sampling_leaves_p_alone(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    model = build_game(two_of_toy8(game_configs))
    model.train_step(digit_images(16), build_wrappers(model))
    before = state_of(model)
    assert 'selector.history' in before
    model.sample(30)
    model.sample(30, batch_statistics=True)
    assert changed(model, before) == set()
    restored = build_game(two_of_toy8(game_configs), seed=5)
    restored.load_state_dict(before)
    assert torch.equal(restored.selector.probabilities, model.selector.probabilities)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(selector=dict(type='FrequencySelector')), r'generators has 1: leave the selector out'),
        (dict(reduction='min'), r"model\.reduction must be 'max' or 'mean', got 'min'"),
    ],
)
def test_one_generator_has_no_selector(change, message, game_configs, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(game_configs['MineGAN'](width=2) | change)


def test_generators_of_different_resolution_are_refused(game_configs, build_game):
    config = two_of_toy8(game_configs)
    larger = dict(config['networks']['generators'][0], image_size=16, channel_mults=(2, 2, 1))
    config['networks']['generators'] = [config['networks']['generators'][0], larger]
    with pytest.raises(ValueError, match=r'generators\[1\] makes images of the shape \(1, 16, 16\).* \(1, 8, 8\)'):
        build_game(config)


def test_a_miner_that_does_not_fit_its_generator_is_named(game_configs, build_game):
    config = two_of_toy8(game_configs)
    config['networks']['miners'][1] = dict(type='MLPMiner', dims=[3, 31])
    with pytest.raises(ValueError, match=r'miners\[1\] ends in 31 features, but model\.networks\.generators\[1\]'):
        build_game(config)


def test_the_size_of_the_mined_latents_is_logged(build_game):
    model, batch = scored_model(build_game)
    with torch.no_grad():
        model.miners[1].factor.fill_(4.0)
    terms = model.generator_losses(batch)  # of the latents 1, 2, 0, 4 and 12, -4, 2, 8
    assert terms['z_abs'].item() == 33 / 8
    assert terms['z_beyond_3'].item() == 0.5
    assert not terms['z_abs'].requires_grad
