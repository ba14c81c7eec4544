"""Hooks: moving averages, stages, the watch for non-finite losses, checkpoints, pictures, progress."""

from __future__ import annotations

import errno
import json
import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmgentransfer.apis import init_model, train
from mmgentransfer.checkpoints import files, latest_checkpoint, load_checkpoint
from mmgentransfer.engine.hooks import AtomicCheckpointHook, EMAHook, ProgressHook, SampleGridHook, StageHook
from mmgentransfer.engine.hooks.progress_hook import PROGRESS_FILE
from mmgentransfer.models.losses.base import WeightedLoss
from mmgentransfer.registry import HOOKS, MODELS
from mmgentransfer.visualization.grids import read_grid, split_grid

# ----------------------------------------------------------------------------------------------- moving averages


def test_average_by_hand(game_configs, build_game):
    model = build_game(game_configs['TransferGAN'](width=2))
    bias = model.generator.output_conv.bias
    with torch.no_grad():
        bias.fill_(1.0)
        model.add_ema(['generator'])
        average = model.ema['generator'].output_conv.bias
        assert average.item() == 1
        bias.fill_(3.0)
        model.update_ema(0.9)
        assert average.item() == pytest.approx(0.9 * 1 + 0.1 * 3)
        bias.fill_(-1.0)
        model.update_ema(0.9)
    assert average.item() == pytest.approx(0.9 * 1.2 + 0.1 * -1)
    assert not any(p.requires_grad for p in model.ema.parameters())


def test_buffers_are_copied(game_configs, build_game):
    model = build_game(game_configs['TransferGAN'](width=2))
    model.add_ema(['generator'])
    model.generator.output_norm.running_mean.fill_(5)
    model.generator.output_norm.num_batches_tracked.fill_(7)
    model.update_ema(0.99)
    assert (model.ema['generator'].output_norm.running_mean == 5).all()
    assert model.ema['generator'].output_norm.num_batches_tracked == 7


@HOOKS.register_module(force=True)
class WeightRecorder(EMAHook):
    """A moving average that keeps every live and average value of one bias."""

    def before_train(self, runner):
        super().before_train(runner)
        self.values = [self._values(runner)]
        runner.model.recorder = self

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self.values.append(self._values(runner))

    def _values(self, runner):
        model = runner.model
        pair = model.generator.input_linear.bias, model.ema['generator'].input_linear.bias
        return tuple(bias.detach().double().clone() for bias in pair)


@pytest.mark.parametrize(
    ('kwargs', 'momentum'),
    [
        (dict(momentum=0.75), 0.75),
        (dict(momentum=0.75, start=2), 0.75),
        # 2 critic steps share the loader's 8 images: an update of the generator counts 4 of them
        (dict(half_life=12), 0.5 ** (4 / 12)),
    ],
)
def test_average_of_a_run(kwargs, momentum, experiment, game_configs, monkeypatch):
    cfg = experiment(game_configs['TransferGAN'](n_critic=2, width=2), iters=3)
    cfg.custom_hooks = [dict(type='WeightRecorder', networks=['generator'], **kwargs)]
    seen = []
    original = WeightRecorder._values
    monkeypatch.setattr(WeightRecorder, '_values', lambda self, runner: seen.append(original(self, runner)) or seen[-1])
    train(cfg)
    live, average = zip(*seen, strict=True)
    assert len(seen) == 4
    torch.testing.assert_close(average[0], live[0], rtol=0, atol=0)
    expected = live[0]
    for step in (1, 2, 3):
        assert not torch.equal(live[step], live[step - 1])
        if step <= kwargs.get('start', 0):
            assert torch.equal(average[step], live[step])
            expected = live[step]
            continue
        expected = momentum * expected + (1 - momentum) * live[step]
        torch.testing.assert_close(average[step], expected, rtol=1e-5, atol=1e-8)


def test_average_starts_at_the_transferred_weights(experiment, game_configs, build_game, tmp_path):
    source = build_game(game_configs['TransferGAN'](width=2), seed=77)
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'source.pth')
    model = game_configs['TransferGAN'](width=2)
    model['networks']['generator']['init_cfg'] = dict(
        type='TransferredWeights', checkpoint=str(tmp_path / 'source.pth'), prefix='generator'
    )
    cfg = experiment(model, iters=1)
    cfg.custom_hooks = [dict(type='EMAHook', networks=['generator'], momentum=1 - 1e-7)]
    train(cfg)
    state = load_checkpoint(cfg.work_dir)['state_dict']
    wanted = source.generator.input_linear.weight
    torch.testing.assert_close(state['ema.generator.input_linear.weight'], wanted, rtol=0, atol=1e-6)


def test_average_goes_through_a_checkpoint(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=2)
    cfg.custom_hooks = [dict(type='EMAHook', networks=['generator'], momentum=0.5)]
    train(cfg)
    state = load_checkpoint(cfg.work_dir)['state_dict']
    model = init_model(cfg, cfg.work_dir)
    for which, prefix in (('ema', 'ema.generator.'), ('live', 'generator.')):
        network = model.network('generator', which)
        assert all(torch.equal(tensor, state[prefix + key]) for key, tensor in network.state_dict().items())
    assert not torch.equal(state['ema.generator.input_linear.weight'], state['generator.input_linear.weight'])
    assert not np.array_equal(model.sample(4), model.sample(4, which='live'))


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(), 'either momentum or half_life'),
        (dict(momentum=0.9, half_life=10), 'either momentum or half_life'),
        (dict(momentum=1.0), r'EMAHook\.momentum must be in \[0, 1\), got 1\.0'),
        (dict(half_life=0), r'EMAHook\.half_life is a number of images above 0, got 0'),
        (dict(momentum=0.9, start=-1), r'EMAHook\.start is an iteration, 0 or later, got -1'),
    ],
)
def test_bad_averages(kwargs, message):
    with pytest.raises(ValueError, match=message):
        EMAHook(networks=['generator'], **kwargs)


def test_average_of_an_unknown_network(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=1)
    cfg.custom_hooks = [dict(type='EMAHook', networks=['generater'], momentum=0.5)]
    with pytest.raises(ValueError, match=r"EMAHook\.networks names 'generater'.*Did you mean 'generator'"):
        train(cfg)


# ------------------------------------------------------------------------------------------------------- stages


@HOOKS.register_module(force=True)
class RateRecorder(StageHook):
    """A stage hook that notes the stage and the learning rates of every iteration."""

    rates = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        super().before_train_iter(runner, batch_idx, data_batch)
        rates = {player: wrapper.param_groups[0]['lr'] for player, wrapper in runner.optim_wrapper.items()}
        RateRecorder.rates.append((runner.iter, runner.model.stage.name, rates['critic'], rates['generator']))


def test_stages_change_learning_rates_also_after_a_resume(experiment, game_configs, capfd):
    model = game_configs['MineGAN'](width=2, mining=2, finetuning=2)
    model['stages'][0]['lr'] = dict(critic=0.5)
    model['stages'][1]['lr'] = dict(generator=0.25)
    cfg = experiment(model, iters=4)
    cfg.default_hooks.stage.type = 'RateRecorder'
    cfg.default_hooks.checkpoint.interval = 1
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    expected = [
        (0, 'mine', 0.5, 1e-3),
        (1, 'mine', 0.5, 1e-3),
        (2, 'finetune', 1e-3, 0.25),
        (3, 'finetune', 1e-3, 0.25),
    ]
    RateRecorder.rates = []
    train(cfg.copy())
    assert RateRecorder.rates == expected
    log = ''.join(capfd.readouterr())
    assert "stage 'mine' (1 of 2) at iteration 0: training critic, miners\n" in log
    assert "stage 'finetune' (2 of 2) at iteration 2: training critic, generators, miners\n" in log
    for kept in (3, 2, 1):  # resuming in the second stage, at its start, and in the first
        for path in sorted(files.Path(cfg.work_dir).glob('iter_*.pth')):
            if int(path.stem[5:]) > kept:
                path.unlink()
        RateRecorder.rates = []
        resumed = cfg.copy()
        resumed.experiment_name = f'{cfg.experiment_name}_{kept}'
        train(resumed, resume=True)
        assert RateRecorder.rates == expected[kept:]


def test_log_names_the_part_of_a_network_that_is_trained(experiment, game_configs, capfd):
    model = game_configs['MineGAN'](width=2)
    model['stages'][0]['only'] = {'critic': ['input_conv', 'bias$']}
    cfg = experiment(model)
    train(cfg)
    log = ''.join(capfd.readouterr())
    assert "stage 'mine' (1 of 2) at iteration 0: training critic (only input_conv, bias$), miners\n" in log


def test_stage_rates_and_schedulers_exclude_each_other(experiment, game_configs):
    model = game_configs['MineGAN'](width=2)
    model['stages'][0]['lr'] = dict(critic=0.5)
    cfg = experiment(model)
    cfg.param_scheduler = dict(type='LinearLR', start_factor=0.5, by_epoch=False)
    with pytest.raises(ValueError, match='which param_scheduler would overwrite'):
        train(cfg)


def test_schedulers_work_without_stage_rates(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2))
    cfg.param_scheduler = dict(type='LinearLR', start_factor=0.5, end=4, by_epoch=False)
    train(cfg)
    assert 'param_schedulers' in load_checkpoint(cfg.work_dir)


# ------------------------------------------------------------------------------------------------ non-finite losses


@MODELS.register_module(force=True)
class FailingPenalty(WeightedLoss):
    """Zero, but from its ``at``-th call on ``value``."""

    def __init__(self, at, value, loss_weight=1.0):
        super().__init__(loss_weight)
        self.at, self.value, self.calls = at, float(value), 0

    def forward(self, critic, real, fake, alpha):
        self.calls += 1
        factor = self.value if self.calls >= self.at else 0.0
        return critic(real).mean() * factor


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
def test_non_finite_loss_stops_the_run(value, experiment, game_configs):
    model = game_configs['MineGAN'](width=2, mining=3, finetuning=5)
    model['losses']['gradient_penalty'] = dict(type='FailingPenalty', at=6, value=value)
    cfg = experiment(model, iters=8)
    cfg.default_hooks.checkpoint.interval = 2
    with pytest.raises(
        FloatingPointError,
        match=rf"'gradient_penalty' of player 'critic' is -?{value.strip('-')} at iteration 5 "
        r"\(stage 'finetune'\).*last checkpoint in",
    ):
        train(cfg)
    # iteration 5 would have been followed by the checkpoint iter_6
    assert sorted(path.name for path in files.Path(cfg.work_dir).glob('*.pth')) == ['iter_2.pth', 'iter_4.pth']
    state = load_checkpoint(cfg.work_dir)['state_dict']
    assert all(torch.isfinite(tensor).all() for tensor in state.values())


def test_waiting_losses_are_read_before_a_checkpoint(experiment, game_configs):
    """On an accelerator losses wait to be read; a checkpoint must not be faster than them."""
    from mmgentransfer.engine.hooks import GameInfoHook

    hook = GameInfoHook(interval=50)
    runner = SimpleNamespace(
        model=SimpleNamespace(stages=[SimpleNamespace(name='only')], stage_index_at=lambda iteration: 0), work_dir='run'
    )
    hook._pending = [(7, {'critic/adversarial': torch.tensor(float('nan'))})]
    with pytest.raises(FloatingPointError, match="'adversarial' of player 'critic' is nan at iteration 7"):
        hook.before_save_checkpoint(runner, dict(message_hub={}))


def test_losses_are_logged_by_player_and_term(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=4)
    cfg.default_hooks.logger.interval = 2
    train(cfg)
    logs = ''.join(path.read_text() for path in files.Path(cfg.work_dir).glob('*/*.log'))
    found = {}
    for term in (
        'critic/adversarial',
        'critic/gradient_penalty',
        'critic/gradient_penalty_weighted',
        'generator/adversarial',
    ):
        lines = [line for line in logs.splitlines() if f'{term}: ' in line]
        found[term] = [float(line.split(f'{term}: ')[1].split()[0]) for line in lines]
        assert len(found[term]) == 2, logs
        assert all(math.isfinite(value) for value in found[term])
    weighted = [10 * value for value in found['critic/gradient_penalty']]
    assert found['critic/gradient_penalty_weighted'] == pytest.approx(weighted, rel=1e-2)
    assert 'critic/adversarial_weighted' not in logs


# -------------------------------------------------------------------------------------------------- checkpoints


@pytest.mark.parametrize('keep', [0, 1])
def test_fewer_than_two_checkpoints_are_refused(keep):
    with pytest.raises(ValueError, match=rf'default_hooks\.checkpoint\.max_keep_ckpts is {keep}; with fewer than 2'):
        AtomicCheckpointHook(interval=1, max_keep_ckpts=keep)


def test_old_checkpoints_go(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=7)
    cfg.default_hooks.checkpoint.interval = 2
    train(cfg)
    names = sorted(path.name for path in files.Path(cfg.work_dir).glob('*.pth'))
    assert names == ['iter_6.pth', 'iter_7.pth'], 'the last iteration is always saved'
    assert latest_checkpoint(cfg.work_dir).endswith('iter_7.pth')


def test_full_disk(experiment, game_configs, monkeypatch):
    """The second checkpoint finds no room: the run says so, and the first is as it was."""
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=6)
    cfg.default_hooks.checkpoint.interval = 2
    folder = files.Path(cfg.work_dir)
    real_fsync, first = files.os.fsync, []

    def fsync(handle):
        if first:
            raise OSError(errno.ENOSPC, 'No space left on device')
        first.append(handle)
        real_fsync(handle)

    monkeypatch.setattr(files.os, 'fsync', fsync)
    with pytest.raises(
        OSError,
        match=r'checkpoint of iteration 4 could not be written to .*No space left.*earlier .* untouched.*--resume',
    ) as caught:
        train(cfg)
    assert caught.value.errno == errno.ENOSPC
    assert sorted(path.name for path in folder.glob('*.pth')) == ['iter_2.pth']
    assert not list(folder.glob('.*.tmp')), 'what was half written must not take room'
    assert load_checkpoint(cfg.work_dir)['meta']['iter'] == 2
    monkeypatch.undo()
    cfg.experiment_name += '_resumed'
    train(cfg, resume=True)
    assert latest_checkpoint(cfg.work_dir).endswith('iter_6.pth')


# ------------------------------------------------------------------------------------------------------ pictures


def test_pictures_of_a_run(experiment, game_configs, build_game, tmp_path):
    source = build_game(game_configs['TransferGAN'](width=2), seed=77)
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'source.pth')
    model = game_configs['TransferGAN'](width=2)
    model['networks']['generator']['init_cfg'] = dict(
        type='TransferredWeights', checkpoint=str(tmp_path / 'source.pth'), prefix='generator'
    )
    cfg = experiment(model, iters=6)
    cfg.default_hooks.sample_grid = dict(type='SampleGridHook', num=3, num_images=30, columns=6, strip_rows=4)
    train(cfg)
    folder = files.Path(cfg.work_dir)
    # 7^(k/2) - 1 for k = 0, 1, 2: 0, 1.65, 6
    assert sorted(path.name for path in (folder / 'samples').iterdir()) == [
        'iter_0000000.png',
        'iter_0000002.png',
        'iter_0000006.png',
    ]
    images = source.eval().sample(30, seed=(0, 1)).repeat(3, axis=3)
    np.testing.assert_array_equal(split_grid(read_grid(folder / 'fakes_init.png'), 8, 30), images)
    np.testing.assert_array_equal(split_grid(read_grid(folder / 'samples/iter_0000000.png'), 8, 30), images)

    strip = split_grid(read_grid(folder / 'strip.png'), 8, 12).reshape(4, 3, 8, 8, 3)
    np.testing.assert_array_equal(strip[:, 0], images[:4])
    final = init_model(cfg, cfg.work_dir).sample(30, seed=(0, 1)).repeat(3, axis=3)
    assert not np.array_equal(final, images)
    np.testing.assert_array_equal(strip[:, 2], final[:4])

    from mmgentransfer.datasets import Digits

    digits = Digits(image_size=8, classes=[9], split='train', num_images=24)
    reals = split_grid(read_grid(folder / 'reals.png'), 8, 30)
    for i in range(30):  # there are 24: the first come again
        np.testing.assert_array_equal(reals[i], digits[i % 24]['images'].permute(1, 2, 0).expand(-1, -1, 3).numpy())


def test_reals_are_spread_over_a_set_in_order(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=1)
    cfg.default_hooks.sample_grid = dict(type='SampleGridHook', num=2, num_images=5, columns=5, strip_rows=2)
    train(cfg)

    from mmgentransfer.datasets import Digits

    digits = Digits(image_size=8, classes=[9], split='train', num_images=24)
    reals = split_grid(read_grid(files.Path(cfg.work_dir) / 'reals.png'), 8, 5)
    for real, i in zip(reals, (0, 6, 12, 17, 23), strict=True):  # 23 k / 4: 0, 5.75, 11.5, 17.25, 23
        np.testing.assert_array_equal(real, digits[i]['images'].permute(1, 2, 0).expand(-1, -1, 3).numpy())


def test_pictures_at_an_interval():
    hook = SampleGridHook(num=None, interval=4)
    model = SimpleNamespace(sample=lambda *args, **kwargs: None)
    hook.before_train(SimpleNamespace(max_iters=10, iter=3, work_dir='run', model=model))
    assert hook.schedule == [0, 4, 8, 10]
    for kwargs in (dict(num=3, interval=4), dict(num=None)):
        with pytest.raises(ValueError, match='either num'):
            SampleGridHook(**kwargs)


def test_several_generators_have_a_row_each(experiment, game_configs):
    model = game_configs['MineGAN'](n_critic=2, width=2, mining=1, finetuning=1)
    networks = model['networks']
    networks['generators'], networks['miners'] = networks['generators'] * 2, networks['miners'] * 2
    cfg = experiment(model, iters=2)
    cfg.default_hooks.sample_grid = dict(type='SampleGridHook', num=2, num_images=8, columns=4, strip_rows=2)
    train(cfg)
    rows = split_grid(read_grid(files.Path(cfg.work_dir) / 'generators.png'), 8, 8).reshape(2, 4, 8, 8, 3)
    final = init_model(cfg, cfg.work_dir)
    for i in range(2):
        images = final.sample(4, seed=(0, 1), generator_index=i).repeat(3, axis=3)
        np.testing.assert_array_equal(rows[i], images)
    assert not np.array_equal(rows[0], rows[1])


# ------------------------------------------------------------------------------------------------------ progress


def test_progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / 'progress.json'))
    model = nn.Module()
    model.stage = SimpleNamespace(name='mine')
    runner = SimpleNamespace(iter=3, max_iters=10, model=model, logger=logging.getLogger('progress'))
    hook = ProgressHook(seconds=1000)
    hook.before_train(runner)
    hook.after_train_iter(runner, 3)
    first = json.loads((tmp_path / 'progress.json').read_text())
    assert first == dict(iter=4, max_iters=10, stage='mine')
    runner.iter = 4
    hook.after_train_iter(runner, 4)
    assert json.loads((tmp_path / 'progress.json').read_text()) == first, 'not more often than every 1000 seconds'
    runner.iter = 9
    hook.after_train_iter(runner, 9)
    assert json.loads((tmp_path / 'progress.json').read_text())['iter'] == 10, 'but always at the end'


def test_scoring_a_finished_run_saves_no_best_checkpoint(tmp_path):
    hook = AtomicCheckpointHook(interval=1, save_best='accuracy', rule='greater', out_dir=str(tmp_path))
    hook.after_val_epoch(SimpleNamespace(work_dir=str(tmp_path)), dict(accuracy=99.0))
    assert not list(tmp_path.iterdir())
