"""The training loop's checks, and the scoring loop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmgentransfer.apis import init_model, train
from mmgentransfer.evaluation.functional import mean_variance
from mmgentransfer.models.step_random import StepRandom


def score_lines(cfg):
    return [json.loads(line) for line in (Path(cfg.work_dir) / 'metrics.jsonl').read_text().splitlines()]


# ---------------------------------------------------------------------------------------------- before training


def test_stages_must_add_up(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2, mining=3, finetuning=2), iters=6)
    with pytest.raises(
        ValueError,
        match=r'model\.stages add up to 5 iterations \(mine 3 \+ finetune 2\), but train_cfg\.max_iters is 6',
    ):
        train(cfg)


def test_a_single_stage_with_iterations_must_fit_too(experiment, game_configs):
    cfg = experiment(dict(game_configs['TransferGAN'](width=2), stages=[dict(name='all', iters=4)]), iters=5)
    with pytest.raises(ValueError, match=r'add up to 4 iterations \(all 4\)'):
        train(cfg)


def test_uneven_split_is_refused_before_training(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](n_critic=3, width=2))
    cfg.train_dataloader.batch_size = 10
    with pytest.raises(
        ValueError, match=r'train_dataloader\.batch_size = 10 can not be split evenly into the 3 updates.*e\.g\. 9'
    ):
        train(cfg)


def test_fewer_images_than_an_update_takes(experiment, game_configs, capfd):
    """They are repeated, which one line of the log says, unless the config forbids it."""
    cfg = experiment(game_configs['TransferGAN'](n_critic=2, width=2), iters=2)
    cfg.train_dataloader.dataset.num_images = 3
    cfg.train_cfg.repeat_images = False
    with pytest.raises(ValueError, match=r'has 3 images, but one update takes 4 .*: train_cfg\.repeat_images=True$'):
        train(cfg.copy())
    assert not list(Path(cfg.work_dir).glob('*.pth'))
    del cfg.train_cfg.repeat_images
    cfg.experiment_name += '_repeating'
    capfd.readouterr()
    train(cfg)
    assert (Path(cfg.work_dir) / 'iter_2.pth').is_file()
    warnings = [line for line in ''.join(capfd.readouterr()).splitlines() if 'warning: ' in line]
    assert len(warnings) == 1
    assert 'dataset has 3 images, but one update takes 4 (train_dataloader.batch_size 8 / 2 x 1 proc' in warnings[0]
    assert warnings[0].endswith('every batch repeats images; train_cfg.repeat_images=False forbids it')


def test_enough_images_for_an_update_are_enough(experiment, game_configs):
    """A batch of several updates may hold an image twice; one update may not."""
    cfg = experiment(game_configs['TransferGAN'](n_critic=2, width=2), iters=1)
    cfg.train_dataloader.dataset.num_images = 4
    train(cfg)


# ------------------------------------------------------------------------------------------------------- scoring


def test_early_iterations_are_scored_too(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=5)
    cfg.train_cfg.update(val_interval=4, val_at=[1, 4, 5, 9])
    train(cfg.copy())
    assert [line['iter'] for line in score_lines(cfg)] == [1, 4, 5]  # each once
    cfg.train_cfg.val_at = [0]
    cfg.experiment_name += '_wrong'
    cfg.work_dir += '_wrong'
    with pytest.raises(ValueError, match=r'train_cfg\.val_at has \[0\]'):
        train(cfg)


def test_scores_of_a_run(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=5)
    cfg.train_cfg.update(val_interval=2, val_at_start=True)
    cfg.val_cfg.update(num_images=12, batch_size=5)
    returned = train(cfg)
    lines = score_lines(cfg)
    assert [line['iter'] for line in lines] == [0, 2, 4, 5]
    assert {(line['num_generated'], line['num_real']) for line in lines} == {(12, 400)}
    seconds = [line['train_seconds'] for line in lines]
    assert seconds == sorted(seconds)
    assert seconds[0] == 0
    assert returned['mv'] == lines[-1]['mv']
    assert len({line['mv'] for line in lines}) == 4

    model = init_model(cfg, cfg.work_dir)
    latents = [StepRandom(0, index).normal(num, 32) for index, num in enumerate((5, 5, 2))]
    images = np.concatenate([model.to_pixels(model.generate(part)) for part in latents])
    assert lines[-1]['mv'] == pytest.approx(mean_variance(images) / 255**2)


def test_live_weights_or_moving_average_can_be_scored(experiment, game_configs):
    results = {}
    for which in ('ema', 'live'):
        cfg = experiment(game_configs['TransferGAN'](width=2), iters=3, name=which)
        # an average that never moves keeps the initial weights
        cfg.custom_hooks = [dict(type='EMAHook', networks=['generator'], momentum=1 - 1e-7)]
        cfg.train_cfg.val_at_start = True
        cfg.val_cfg.which = which
        train(cfg)
        results[which] = [line['mv'] for line in score_lines(cfg)]
    assert results['ema'][0] == results['live'][0]
    assert abs(results['live'][1] - results['live'][0]) > 1e-6
    model = init_model(cfg, cfg.work_dir)
    images = model.to_pixels(model.generate(torch.cat([StepRandom(0, i).normal(5, 32) for i in (0, 1)]), batch_size=5))
    assert results['ema'][1] == pytest.approx(mean_variance(images) / 255**2)


def test_batch_statistics_are_part_of_the_protocol(experiment, game_configs, state_of, changed):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=1)
    cfg.val_cfg.update(batch_statistics=True)
    train(cfg)
    model = init_model(cfg, cfg.work_dir)
    parts = [model.generate(StepRandom(0, i).normal(5, 32), batch_statistics=True) for i in (0, 1)]
    assert score_lines(cfg)[-1]['mv'] == pytest.approx(mean_variance(model.to_pixels(torch.cat(parts))) / 255**2)


def test_scoring_does_not_change_the_training(experiment, game_configs):
    states = []
    for name, interval in (('often', 1), ('rarely', 1000)):
        cfg = experiment(game_configs['MineGAN'](width=2), iters=5, name=name)
        cfg.train_cfg.val_interval = interval
        cfg.val_cfg.batch_statistics = True
        train(cfg)
        states.append(torch.load(Path(cfg.work_dir) / 'iter_5.pth', weights_only=True)['state_dict'])
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


def test_one_image_can_not_be_scored(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2))
    cfg.val_cfg.num_images = 1
    with pytest.raises(ValueError, match=r'val_cfg\.num_images must be at least 2, got 1'):
        train(cfg)
