"""Sampling: what an image depends on, and what sampling leaves as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmgentransfer.models.methods.gan import along, sampling_mode


@pytest.fixture
def gan(game_configs, build_game, build_wrappers, digit_images):
    """A GAN whose running statistics have moved away from their start."""
    model = build_game(game_configs['TransferGAN'](width=4))
    wrappers = build_wrappers(model)
    for iteration in range(3):
        model.train_step(digit_images(8), wrappers, iteration)
    return model


def test_running_statistics_make_images_independent(gan):
    latents = gan.draw_latents(8, seed=1)
    together = gan.generate(latents)
    alone = torch.cat([gan.generate(latents[i : i + 1]) for i in range(8)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_batch_statistics_are_those_of_the_batch(gan, state_of, changed):
    latents = gan.draw_latents(8, seed=1)
    before = state_of(gan)
    together = gan.generate(latents, batch_statistics=True)
    assert changed(gan, before) == set(), 'sampling must not move the running statistics'
    halves = gan.generate(latents, batch_statistics=True, batch_size=4)
    assert (together - halves).abs().max() > 1e-3
    assert (together - gan.generate(latents)).abs().max() > 1e-3
    with torch.no_grad():
        expected = gan.generator.train()(latents)
    torch.testing.assert_close(together, expected)


def test_sampling_leaves_state_and_modes(gan, state_of, changed):
    gan.train()
    gan.generator.blocks[0].eval()
    modes = [module.training for module in gan.modules()]
    before = state_of(gan)
    random_state = torch.get_rng_state()
    for batch_statistics in (False, True):
        gan.sample(4, batch_statistics=batch_statistics)
    assert changed(gan, before) == set()
    assert [module.training for module in gan.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random_state)


def test_modes_and_buffers_come_back_after_an_error(gan, state_of, changed):
    before = state_of(gan)
    gan.train()

    def fail():
        with sampling_mode([gan.generator], batch_statistics=True), torch.no_grad():
            gan.generator(torch.randn(4, 32))
            raise RuntimeError('stop')

    with pytest.raises(RuntimeError, match='stop'):
        fail()
    assert gan.generator.training
    assert changed(gan, before) == set()


def test_samples_follow_from_the_seed(gan):
    images = gan.sample(6, seed=4)
    assert images.dtype == np.uint8
    assert images.shape == (6, 8, 8, 1)
    np.testing.assert_array_equal(images, gan.sample(6, seed=4))
    np.testing.assert_array_equal(images[:1], gan.sample(1, seed=4))
    assert not np.array_equal(images, gan.sample(6, seed=5))
    np.testing.assert_array_equal(gan.sample(2, seed=(4, 7)), gan.sample(2, seed=(4, 7)))
    assert not np.array_equal(gan.sample(2, seed=(4, 7)), gan.sample(2, seed=(4, 8)))


def test_batch_size_does_not_change_images(gan):
    difference = gan.sample(7, batch_size=3).astype(int) - gan.sample(7)
    assert np.abs(difference).max() <= 1  # rounding at the border of two levels


def test_moving_average_is_used_unless_live_is_asked_for(gan):
    gan.add_ema(['generator'])
    live = gan.sample(4, which='live')
    np.testing.assert_array_equal(gan.sample(4), live)
    with torch.no_grad():
        gan.ema['generator'].output_conv.bias.fill_(100)
    np.testing.assert_array_equal(gan.sample(4, which='live'), live)
    assert (gan.sample(4) == 255).all()
    with pytest.raises(ValueError, match="which must be 'ema' or 'live', got 'best'"):
        gan.sample(4, which='best')


def test_number_must_be_positive(gan):
    with pytest.raises(ValueError, match='at least 1, got 0'):
        gan.sample(0)


@pytest.mark.parametrize('mode', ['linear', 'slerp'])
def test_interpolation_ends_at_its_ends(gan, mode):
    start, end = gan.draw_latents(2, seed=3)
    images = gan.interpolate(start, end, steps=5, mode=mode)
    ends = gan.to_pixels(gan.generate(torch.stack([start, end])))
    assert images.shape == (5, 8, 8, 1)
    assert np.abs(images[[0, -1]].astype(int) - ends).max() <= 1


def test_interpolation_between_by_hand(gan, monkeypatch):
    """From (2, 0, ...) to (0, 2, ...): the middle is (1, 1) on the line and (sqrt 2, sqrt 2) on the circle."""
    start, end = torch.zeros(32), torch.zeros(32)
    start[0], end[1] = 2, 2
    asked = []
    monkeypatch.setattr(type(gan), 'generate', lambda self, latents: asked.append(latents) or torch.zeros(3, 1, 8, 8))
    gan.interpolate(start, end, steps=3)
    gan.interpolate(start, end, steps=3, mode='slerp')
    for latents, middle in zip(asked, (1.0, 2**0.5), strict=True):
        assert latents[1, :2].tolist() == pytest.approx([middle, middle])
        assert torch.count_nonzero(latents[:, 2:]) == 0
    with pytest.raises(ValueError, match="'linear' or 'slerp', got 'cubic'"):
        gan.interpolate(start, end, mode='cubic')


@pytest.mark.parametrize('end', [[3.0, 3.0], [-1.0, -1.0], [0.0, 0.0]], ids=['parallel', 'opposite', 'zero'])
def test_interpolation_is_straight_where_there_is_no_one_circle(end):
    points = along(torch.tensor([1.0, 1.0]), torch.tensor(end), 3, 'slerp')
    assert points[:, 0].tolist() == pytest.approx([1, (1 + end[0]) / 2, end[0]])
