"""What MineGAN claims, at the size of 8x8 digits.

A 3 out of a GAN of all digits, from 50 images (on-manifold), and a 9 out of a GAN that never saw it, from 100 images
(off-manifold). `make test-full` runs three seeds.
"""

from __future__ import annotations

import copy
import functools
from typing import NamedTuple

import pytest
import torch
from games import FULL, Scores, few, fine_tuned, mining_of, samples, source_gan_of, train

from mmgentransfer.models import AdversarialModel

SEEDS = (0, 1, 2) if FULL else (0,)


class Scored(NamedTuple):
    """Share of the digit and FID of the source's and of the mined samples."""

    share_source: float
    share: float
    fid_source: float
    fid: float


def source_of(digits: range) -> AdversarialModel:
    return source_gan_of(tuple(digits), iters=4000 if FULL else 2500)


@functools.cache
@torch.enable_grad()
def mined(digit: int, seed: int) -> Scored:
    """Mines for 800 iterations; the generator must not have changed."""
    num, known = {3: (50, range(10)), 9: (100, range(9))}[digit]
    source, images = source_of(known), few(digit, num, seed)
    model, wrappers = mining_of(source, 800, 0, seed)
    before = copy.deepcopy(model.generators[0].state_dict())
    train(model, wrappers, images, 800, 64, seed)
    assert all(torch.equal(before[key], value) for key, value in model.generators[0].state_dict().items())
    scores, fakes = Scores(digit, images), (samples(source), samples(model))
    return Scored(*map(scores.share, fakes), *map(scores.fid, fakes))


@pytest.mark.parametrize('seed', SEEDS)
def test_mining_on_manifold_finds_the_digit_with_the_generator_frozen(seed):
    run = mined(3, seed)
    assert run.share >= 0.4
    assert run.fid <= 0.35 * run.fid_source


@pytest.mark.long
@pytest.mark.parametrize('seed', SEEDS)
def test_mining_off_manifold_raises_the_share_several_times(seed):
    run = mined(9, seed)
    assert run.share >= 3 * run.share_source
    assert run.fid <= 0.4 * run.fid_source


def test_off_manifold_is_harder_than_on_manifold():
    assert sum(mined(9, seed).fid for seed in SEEDS) > sum(mined(3, seed).fid for seed in SEEDS)


@pytest.mark.parametrize('seed', SEEDS)
def test_mining_does_not_memorise_ten_images_and_fine_tuning_does(seed):
    """Measured after 500 iterations, seeds 0, 1, 2: 0.86, 0.96, 0.83 against 0.62, 0.62, 0.58."""
    images = few(3, 10, seed)
    model, wrappers = mining_of(source_of(range(10)), 500, 0, seed)
    train(model, wrappers, images, 500, 64, seed)
    tuned = fine_tuned(source_of(range(10)), images, 500, seed)
    mining, tuning = (Scores(3, images).nn_ratio(samples(one)) for one in (model, tuned))
    assert mining - tuning >= 0.2


@pytest.mark.long
def test_mining_before_fine_tuning_keeps_more_diversity_at_equal_budget():
    """Measured, seeds 0 to 3: 0.84, 0.87, 0.85, 0.83 of the diversity of real images against 0.78, 0.82, 0.82, 0.79."""
    gains = []
    for seed in SEEDS:
        images = few(3, 50, seed)
        model, wrappers = mining_of(source_of(range(10)), 400, 400, seed)
        train(model, wrappers, images, 800, 64, seed)
        both = Scores(3, images).mv_ratio(samples(model))
        gains.append(both - Scores(3, images).mv_ratio(samples(fine_tuned(source_of(range(10)), images, 800, seed))))
    assert sum(gains) / len(gains) >= 0.02
