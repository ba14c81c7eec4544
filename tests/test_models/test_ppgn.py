"""PPGN: its step by hand with a linear denoiser, and the denoiser's training."""

from __future__ import annotations

import math

import pytest
import torch
from code_ascents import digits, linear, snapshot

from mmgentransfer.models import StepRandom
from mmgentransfer.models.losses import DenoisingLoss


def ppgn(base: dict, width: int, **settings) -> dict:
    return dict(
        base,
        type='PPGN',
        networks=dict(base['networks'], denoiser=dict(type='MLPMiner', dims=[width, width])),
        losses=dict(denoising=dict(type='DenoisingLoss')),
        moves=[dict(player='denoiser')],
        **settings,
    )


def halving(build_game, **settings):
    """A PPGN on linear networks whose denoiser is R(h) = h / 2."""
    model = build_game(ppgn(linear(), 2, **settings))
    with torch.no_grad():
        model.denoiser.layers[0].weight.copy_(0.5 * torch.eye(2))
        model.denoiser.layers[0].bias.zero_()
    return model


START = torch.tensor([[1.0, -1.0]])
# log p(1 | h) = -log(1 + exp(-s)) with s = l_1 - l_0 = h_0 + 5 h_1 = -4: its gradient is (1, 5) / (1 + exp(-4))
SLOPE = 1 / (1 + math.exp(-4))
# (R(h) - h) / sigma^2 = (-0.5, 0.5) / 0.25 = (-2, 2)
AFTER = torch.tensor([[1 + 0.1 * -2 + 0.5 * SLOPE, -1 + 0.1 * 2 + 0.5 * 5 * SLOPE]])


def test_a_step_by_hand(build_game):
    model = halving(build_game, prior_step=0.1, step_size=0.5, corruption=0.5)
    torch.testing.assert_close(model.update(START), AFTER)


def test_every_step_has_its_noise(build_game):
    model = halving(build_game, prior_step=0.1, step_size=0.5, corruption=0.5, noise_std=0.3, steps=2)
    first, second = torch.tensor([[1.0, 2.0]]), torch.tensor([[-1.0, 0.5]])
    expected = model.update(AFTER + 0.3 * first) + 0.3 * second
    torch.testing.assert_close(model.codes_from(torch.cat([START, first, second], dim=1)), expected)


@pytest.mark.parametrize(('noise_std', 'width'), [(0.3, 2 * 8), (0.0, 2)])
def test_a_latent_holds_the_noise_of_its_steps(noise_std, width, build_game):
    model = halving(build_game, noise_std=noise_std, steps=7)
    assert model.latent_size == width
    assert (model.sample(3, seed=5) == model.sample(3, seed=5)).all()
    assert (model.codes_from(model.draw_latents(3, 5)) != model.codes_from(model.draw_latents(3, 6))).all()


def test_default_steps_are_the_papers(build_game):
    model = build_game(ppgn(linear(), 2))
    assert (model.prior_step, model.step_size, model.noise_std, model.steps) == (1e-5, 1.0, 1e-17, 200)


def test_only_the_denoiser_is_trained(build_game, build_wrappers, digit_images):
    model = build_game(ppgn(digits(), 16))
    before, wrappers = snapshot(model), build_wrappers(model)
    logs = model.train_step(digit_images(4, side=28), wrappers, iteration=3, seed=2)
    changed = {key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(before[key], value)}
    assert changed == {'denoiser'}
    random = StepRandom(2, 3, 0, 0, 0)
    codes, noise = random.normal(4, 16), random.normal(4, 16)
    weight, bias = before['denoiser.layers.0.weight'], before['denoiser.layers.0.bias']
    restored = (codes + 0.1 * noise) @ weight.T + bias
    torch.testing.assert_close(logs['denoiser/denoising'], (restored - codes).square().mean())
    after = snapshot(model)
    model.sample(2)
    assert all(torch.equal(after[key], value) for key, value in model.state_dict().items())


def test_the_denoiser_of_a_normal_prior_shrinks(build_game, build_wrappers):
    """The best estimate of a normal code h from h + sigma e is (h + sigma e) / (1 + sigma^2)."""
    model = build_game(ppgn(linear(), 2, corruption=0.5))
    wrappers = build_wrappers(model, type='Adam', lr=0.03)
    batch = dict(images=torch.zeros(200, 1, 2, 2, dtype=torch.uint8))
    for iteration in range(150):
        model.train_step(batch, wrappers, iteration)
    torch.testing.assert_close(model.denoiser.layers[0].weight.detach(), torch.eye(2) / 1.25, atol=0.08, rtol=0)


def test_codes_can_come_from_an_encoder(build_game, build_wrappers, digit_images):
    config = ppgn(digits(), 16)
    config['networks']['encoder'] = dict(type='DigitClassifier', width=2)  # 16 features
    model, batch = build_game(config), digit_images(4, side=28)
    assert model.frozen == ['generator', 'classifier', 'encoder']
    before = snapshot(model)
    logs = model.train_step(batch, build_wrappers(model))
    codes = model.encoder.features(batch['images'] / 255)
    noisy = codes + 0.1 * StepRandom(0, 0, 0, 0, 0).normal(4, 16)
    weight, bias = before['denoiser.layers.0.weight'], before['denoiser.layers.0.bias']
    torch.testing.assert_close(logs['denoiser/denoising'], (noisy @ weight.T + bias - codes).square().mean())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items() if 'denoiser' not in key)


def test_an_encoders_codes_must_fit(build_game, build_wrappers, digit_images):
    config = ppgn(digits(), 16)
    config['networks']['encoder'] = dict(type='DigitClassifier', width=3)
    model = build_game(config)
    with pytest.raises(ValueError, match=r'encoder gives codes of the shape \(24,\), .* has the length 16'):
        model.train_step(digit_images(4, side=28), build_wrappers(model))


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (ppgn(linear(), 2, prior_step=-1.0), 'model.prior_step must be a number of at least 0, got -1.0'),
        (ppgn(linear(), 2, noise_std=math.nan), 'model.noise_std must be a number of at least 0, got nan'),
        (ppgn(linear(), 2, corruption=0.0), 'model.corruption must be a positive number, got 0.0'),
        (ppgn(linear(), 3), 'model.networks.denoiser has in_features=3, but the code .* the length 2'),
        (dict(ppgn(linear(), 2), losses={}), r'model.losses needs denoising.*it has \[\]'),
    ],
)
def test_what_does_not_fit_is_refused(config, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config)


def test_denoising_loss_by_hand():
    loss = DenoisingLoss()(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]]))
    assert loss.item() == (1 + 4) / 2
