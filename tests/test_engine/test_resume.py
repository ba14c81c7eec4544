"""A run that is interrupted, however, ends with the weights of one that is not."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from mmgentransfer.apis import train
from mmgentransfer.checkpoints import latest_checkpoint, load_checkpoint

ITERS, MINING, INTERVAL = 24, 13, 3


def everything(work_dir):
    """All tensors and numbers of weights and optimiser states in a run's last checkpoint, by name."""
    loaded = load_checkpoint(latest_checkpoint(work_dir))
    found = {}

    def walk(name, value):
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f'{name}/{key}', item)
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                walk(f'{name}/{index}', item)
        else:
            found[name] = value

    walk('weights', loaded['state_dict'])
    walk('optimiser', loaded['optimizer'])
    found['iter'] = loaded['meta']['iter']
    return found


def assert_bit_identical(got, expected):
    assert list(got) == list(expected)
    for name, value in expected.items():
        same = torch.equal(got[name], value) if isinstance(value, torch.Tensor) else got[name] == value
        assert same, name


# ------------------------------------------------------------------------------------------------ within a process


def test_resuming_after_the_stage_change(experiment, game_configs, capfd):
    """Mining 3 of 5 iterations: the generator moves from iteration 3 on; going on at 4 goes on in stage 2."""
    cfg = experiment(game_configs['MineGAN'](n_critic=2, width=4, mining=3, finetuning=2), iters=5)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    train(cfg.copy())
    folder = Path(cfg.work_dir)
    checkpoints = {i: load_checkpoint(str(folder / f'iter_{i}.pth')) for i in range(1, 6)}

    def generator(i):
        state = checkpoints[i]['state_dict']
        return {name: tensor for name, tensor in state.items() if name.startswith('generators.')}

    first = generator(1)
    assert any('running_mean' in name for name in first)
    for i in (2, 3):
        assert all(torch.equal(tensor, first[name]) for name, tensor in generator(i).items()), i
    for i in (4, 5):
        assert not any(torch.equal(tensor, first[name]) for name, tensor in generator(i).items()), i

    def updates(i, player):
        return {int(state['step']) for state in checkpoints[i]['optimizer'][player]['state'].values()}

    assert updates(3, 'critic') == {6}
    assert updates(3, 'generator') == {3}
    assert updates(5, 'critic') == {10}
    assert updates(5, 'generator') == {5, 2}, 'the miner since the start, the generator since its release'

    whole = everything(cfg.work_dir)
    (folder / 'iter_5.pth').unlink()
    capfd.readouterr()
    resumed = cfg.copy()
    resumed.experiment_name += '_resumed'
    train(resumed, resume=True)
    log = ''.join(capfd.readouterr())
    assert "stage 'finetune' (2 of 2) at iteration 4: training critic, generators, miners" in log
    assert "stage 'mine'" not in log
    assert_bit_identical(everything(cfg.work_dir), whole)


def test_resuming_restores_what_the_selector_has_seen(experiment, game_configs):
    """p is of the last 3 of 5 minibatches, 2 of them from before the interruption."""
    model = game_configs['MineGAN'](n_critic=2, width=4, mining=3, finetuning=2)
    networks = model['networks']
    networks['generators'], networks['miners'] = networks['generators'] * 2, networks['miners'] * 2
    model['selector'] = dict(type='FrequencySelector', window=3)
    cfg = experiment(model, iters=5)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    train(cfg.copy())
    folder = Path(cfg.work_dir)
    whole = everything(cfg.work_dir)
    assert int(whole['weights/selector.count']) == 3
    seen = load_checkpoint(str(folder / 'iter_4.pth'))['state_dict']['selector.history']
    assert (whole['weights/selector.history'] == seen).all(1).sum() >= 2
    assert not torch.equal(seen, torch.zeros_like(seen))
    (folder / 'iter_5.pth').unlink()
    resumed = cfg.copy()
    resumed.experiment_name += '_resumed'
    train(resumed, resume=True)
    assert_bit_identical(everything(cfg.work_dir), whole)


def test_resuming_without_a_checkpoint_starts_anew(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=2)
    train(cfg, resume=True)
    assert latest_checkpoint(cfg.work_dir).endswith('iter_2.pth')


def test_resuming_a_finished_run_scores_it_and_leaves_its_weights(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=3)
    first = train(cfg.copy())
    before = everything(cfg.work_dir)
    again = cfg.copy()
    again.experiment_name += '_again'
    assert train(again, resume=True) == first
    assert_bit_identical(everything(cfg.work_dir), before)


# -------------------------------------------------------------------------------------------------- real processes


@pytest.fixture(scope='module')
def reference(tmp_path_factory, make_experiment, make_minegan_config, start_training):
    """A config with everything that has a state, and the result of a run that nothing interrupts."""
    folder = tmp_path_factory.mktemp('resume')
    model = make_minegan_config(n_critic=2, width=4, mining=MINING, finetuning=ITERS - MINING)
    model['data_preprocessor'] = dict(type='ImagePreprocessor', flip=0.5)
    model['stages'][1]['lr'] = dict(generator=5e-4)
    cfg = make_experiment(folder, model, ITERS)
    cfg.pop('work_dir')
    cfg.pop('experiment_name')
    cfg.custom_hooks = [dict(type='EMAHook', networks=['miners', 'generators'], half_life=50)]
    cfg.default_hooks.checkpoint.interval = INTERVAL
    cfg.train_cfg.val_interval = 10
    cfg.dump(folder / 'config.py')
    process = start_training(folder / 'config.py', folder / 'whole')
    assert process.wait() == 0, process.output
    return folder / 'config.py', everything(folder / 'whole')


def test_killed_at_a_random_moment(reference, start_training, tmp_path):
    config, expected = reference
    moment = random.uniform(INTERVAL, ITERS - 2 * INTERVAL)
    run = tmp_path / 'killed'
    # slow enough for the kill to hit the iteration that was drawn
    process = start_training(config, run, before=SLOWLY)
    while (process.running() and (latest := latest_checkpoint(run)) is None) or int(Path(latest).stem[5:]) < moment:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.05))
    process.kill()
    assert process.wait() == -signal.SIGKILL, process.output
    reached = int(Path(latest_checkpoint(run)).stem[5:])
    assert INTERVAL <= reached < ITERS, reached
    resumed = start_training(config, run, '--resume')
    assert resumed.wait() == 0, resumed.output
    assert_bit_identical(everything(run), expected)


SLOWLY = """
import time
from mmgentransfer.models.game import AdversarialModel
step = AdversarialModel.train_step
def slow_step(self, *args, **kwargs):
    time.sleep(0.01)
    return step(self, *args, **kwargs)
AdversarialModel.train_step = slow_step
"""

# the process ends by SIGKILL when half of the bytes of the checkpoint of iteration 15 are in its file
DIE_WHILE_WRITING = """
import os, signal
opened = os.fdopen
class Half:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        return self
    def __exit__(self, *args):
        return self.file.__exit__(*args)
    def __getattr__(self, name):
        return getattr(self.file, name)
    def write(self, data):
        if '.iter_15.pth' in os.readlink(f'/proc/self/fd/{self.file.fileno()}'):
            self.file.write(data[: len(data) // 2])
            self.file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.file.write(data)
os.fdopen = lambda *args, **kwargs: Half(opened(*args, **kwargs))
"""


def test_killed_while_writing_a_checkpoint(reference, start_training, tmp_path):
    config, expected = reference
    run = tmp_path / 'killed'
    process = start_training(config, run, before=DIE_WHILE_WRITING)
    assert process.wait() == -signal.SIGKILL, process.output
    strays = list(run.glob('.iter_15.pth.*.tmp'))
    assert len(strays) == 1, 'the kill must have hit the writing'
    assert strays[0].stat().st_size > 1000
    with pytest.raises(ValueError, match='checkpoint'):
        load_checkpoint(str(strays[0]))
    # one checkpoint is whole: MMEngine removes the one before it ahead of writing
    assert latest_checkpoint(run).endswith('iter_12.pth')
    (run / '.iter_99.pth.abc.tmp').write_bytes(os.urandom(100))
    resumed = start_training(config, run, '--resume')
    assert resumed.wait() == 0, resumed.output
    assert_bit_identical(everything(run), expected)
    assert not list(run.glob('.iter_*.tmp'))
