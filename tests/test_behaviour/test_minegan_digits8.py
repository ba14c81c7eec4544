"""What MineGAN claims, at the size of 8x8 digits (three seeds each)."""

from __future__ import annotations

import copy

import pytest
import torch
from games import Scores, build, copy_weights, digits8, gan, minegan, optimisers, source_gan, train
from torch import Tensor

SEEDS = (0, 1, 2)


def few(digit: int, num: int, seed: int) -> Tensor:
    return digits8(classes=[digit], split='train', num_images=num, seed=seed)


def mined(source: object, images: Tensor, mine: int, finetune: int, seed: int) -> object:
    model = build(minegan(mine, finetune), seed)
    copy_weights(source.generator, model.generators[0])
    copy_weights(source.critic, model.critic)
    train(model, optimisers(model, 4e-4, (0.5, 0.999)), images, mine + finetune, 64, seed)
    return model


def fine_tuned(source: object, images: Tensor, iters: int, seed: int) -> object:
    model = build(gan(n_critic=5), seed)
    model.load_state_dict(source.state_dict())
    train(model, optimisers(model, 4e-4, (0.5, 0.999)), images, iters, 64, seed)
    return model


def samples(model: object) -> Tensor:
    return model.generate(model.draw_latents(1000, seed=5))


@pytest.fixture(scope='module')
def mining_runs() -> dict[int, list[tuple[float, float, float, float]]]:
    """Share and FID of the source and of the mined model, by digit: 3 from all digits, 9 from the other nine."""
    runs: dict[int, list[tuple[float, float, float, float]]] = {3: [], 9: []}
    for digit, without, num in ((3, None, 50), (9, 9, 100)):
        source = source_gan(without)
        before = copy.deepcopy(source.generator.state_dict())
        for seed in SEEDS:
            images = few(digit, num, seed)
            model = mined(source, images, 800, 0, seed)
            after = model.generators[0].state_dict()
            assert all(torch.equal(after[key], value) for key, value in before.items())
            scores = Scores(digit, images)
            fakes = samples(source), samples(model)
            runs[digit].append((*map(scores.share, fakes), *map(scores.fid, fakes)))
    return runs


def test_mining_on_manifold_finds_the_digit_with_the_generator_frozen(mining_runs):
    for _, share, fid_source, fid in mining_runs[3]:
        assert share >= 0.4
        assert fid <= 0.35 * fid_source


def test_mining_off_manifold_raises_the_share_several_times(mining_runs):
    for share_source, share, fid_source, fid in mining_runs[9]:
        assert share >= 3 * share_source
        assert fid <= 0.4 * fid_source


def test_off_manifold_is_harder_than_on_manifold(mining_runs):
    mean = {digit: sum(run[3] for run in runs) / len(runs) for digit, runs in mining_runs.items()}
    assert mean[9] > mean[3]


def test_mining_does_not_memorise_ten_images_and_fine_tuning_does():
    source = source_gan(None)
    for seed in SEEDS:
        images = few(3, 10, seed)
        scores = Scores(3, images)
        mining = scores.nn_ratio(samples(mined(source, images, 1000, 0, seed)))
        tuning = scores.nn_ratio(samples(fine_tuned(source, images, 1000, seed)))
        assert mining - tuning >= 0.2


def test_mining_before_fine_tuning_keeps_more_diversity_at_equal_budget():
    source = source_gan(None)
    gains = []
    for seed in SEEDS:
        images = few(3, 50, seed)
        scores = Scores(3, images)
        both = scores.mv_ratio(samples(mined(source, images, 400, 400, seed)))
        gains.append(both - scores.mv_ratio(samples(fine_tuned(source, images, 800, seed))))
    assert sum(gains) / len(gains) >= 0.02
