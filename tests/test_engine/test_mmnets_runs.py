"""Mix and match networks through all stages: in two processes, and interrupted in each stage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmnets_toys import STAGES, mmnets_experiment

from mmgentransfer.apis import train
from mmgentransfer.checkpoints import latest_checkpoint, load_checkpoint

ROOT = Path(__file__).parents[2]

# notes after each iteration how far the processes' weights are apart, and the sum of the data that each saw
PROBE = """
import json
import torch
from mmengine.dist import all_gather, get_rank
from mmengine.hooks import Hook
from mmgentransfer.registry import HOOKS

@HOOKS.register_module()
class RanksProbe(Hook):
    def before_train(self, runner):
        self.lines = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        flat = torch.cat([p.detach().flatten() for p in runner.model.parameters()])
        apart = max((flat - other).abs().max().item() for other in all_gather(flat))
        seen = [x.item() for x in all_gather(data_batch['RD']['depth'].sum())]
        self.lines.append(dict(stage=runner.model.stage.name, apart=apart, seen=seen))

    def after_train(self, runner):
        if get_rank() == 0:
            with open(f'{runner.work_dir}_ranks.json', 'w') as file:
                json.dump(self.lines, file)
"""


def settings(cfg):
    """Without norms, whose statistics are each process's own, and with plain gradient descent; see test_distributed."""
    for player in ('critic', 'generator'):
        cfg.optim_wrapper[player].optimizer = dict(type='SGD', lr=1e-4)
    for stage in cfg.model.stages[1:]:
        stage.lr = {}
        stage.loss_weights.rgb = 10
    return cfg


@pytest.fixture(scope='module')
def runs(tmp_path_factory, subprocess_environment):
    """The folders of a run of one process and of a run of two, each with half of the batch of each set."""
    folder = tmp_path_factory.mktemp('mmnets')
    # both from files: a written config has its keys in another order, and with them the modalities
    settings(mmnets_experiment(folder / 'single', norm=None)).dump(folder / 'single.py')
    train(Config.fromfile(folder / 'single.py'))
    double = settings(mmnets_experiment(folder / 'double', norm=None))
    double.train_dataloader.batch_size //= 2
    double.custom_imports = dict(imports=['ranks_probe'])
    double.custom_hooks = [dict(type='RanksProbe')]
    double.dump(folder / 'config.py')
    (folder / 'ranks_probe.py').write_text(PROBE)
    finished = subprocess.run(
        [str(ROOT / 'tools/dist_train.sh'), str(folder / 'config.py'), '2', '--work-dir', str(folder / 'double')],
        env=subprocess_environment(folder, PYTHON=sys.executable),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder


def test_two_processes_agree_after_every_iteration_of_every_stage(runs):
    lines = json.loads((runs / 'double_ranks.json').read_text())
    assert [line['stage'] for line in lines] == [stage['name'] for stage in STAGES for _ in range(2)]
    assert [line['apart'] for line in lines] == [0] * 6
    assert all(first != second for first, second in (line['seen'] for line in lines)), 'each has samples of its own'


def test_two_processes_end_with_the_weights_of_one(runs):
    single, double = (load_checkpoint(latest_checkpoint(runs / name)) for name in ('single', 'double'))
    assert list(single['state_dict']) == list(double['state_dict'])
    for name, tensor in single['state_dict'].items():
        assert (tensor - double['state_dict'][name]).abs().max() <= 1e-5, name


def test_the_runs_moved_every_network(runs, build_game):
    start = build_game(Config.fromfile(runs / 'single.py').model.to_dict(), 0).state_dict()
    state = load_checkpoint(latest_checkpoint(runs / 'single'))['state_dict']
    weights = [name for name in state if name.endswith('weight')]
    assert len(weights) == 14
    for name in weights:
        assert (state[name] - start[name]).abs().max() > 3e-5, name


def test_scores_do_not_depend_on_the_number_of_processes(runs):
    """Five samples: one process has three of them, the other two."""
    single, double = (json.loads((runs / name / 'metrics.jsonl').read_text()) for name in ('single', 'double'))
    assert single['num_samples'] == double['num_samples'] == 5
    scores = set(single) - {'iter', 'train_seconds'}
    assert {'D2S/miou', 'S2D/rmse', 'D2R/rmse', 'RD2S/global', 'alignment_depth_rgb'} < scores
    for name in scores:
        assert double[name] == pytest.approx(single[name], rel=1e-3, abs=1e-3), name


# ------------------------------------------------------------------------------------------------ resuming


def entries(path):
    """The tensors of the weights and of the optimisers' states in a checkpoint, by name."""
    loaded = load_checkpoint(str(path))
    found = dict(loaded['state_dict'])
    for player, optimizer in loaded['optimizer'].items():
        for index, state in optimizer['state'].items():
            found.update({f'{player}/{index}/{key}': torch.as_tensor(value) for key, value in state.items()})
        found[f'{player}/lr'] = torch.tensor([group['lr'] for group in optimizer['param_groups']])
    return found


def test_interrupted_in_and_between_the_stages(tmp_path, capfd):
    """It goes on in the right stage, with its freezes, learning rate and optimiser state, to the same last bit."""
    cfg = mmnets_experiment(tmp_path / 'whole')
    cfg.model.data_preprocessor.flip = 0.5
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    train(cfg.copy())
    whole = {i: entries(tmp_path / 'whole' / f'iter_{i}.pth') for i in range(1, 7)}

    def updates(i):
        return {value.item() for name, value in whole[i].items() if name.startswith('generator') and 'step' in name}

    # an optimiser's state begins anew with each stage
    assert [updates(i) for i in range(1, 7)] == [{1}, {2}, {1}, {2}, {1}, {2}]
    assert whole[4]['generator/lr'].unique().tolist() == pytest.approx([1e-3])
    assert whole[5]['generator/lr'].unique().tolist() == pytest.approx([1e-4])
    for name in whole[2]:
        if name.startswith('encoders.rgb'):
            assert torch.equal(whole[2][name], whole[6][name]), name
            assert not torch.equal(whole[1][name], whole[2][name]), name

    for start in (1, 2, 3, 4, 5):
        folder = tmp_path / f'from_{start}'
        folder.mkdir()
        (folder / f'iter_{start}.pth').write_bytes((tmp_path / 'whole' / f'iter_{start}.pth').read_bytes())
        resumed = cfg.copy()
        resumed.work_dir = str(folder)
        resumed.experiment_name = str(folder).replace('/', '_')
        resumed.val_cfg = resumed.val_dataloader = resumed.val_evaluator = None
        resumed.default_hooks.checkpoint.interval = 6
        capfd.readouterr()
        train(resumed, resume=True)
        log = ''.join(capfd.readouterr())
        stage = start // 2
        assert f'stage {STAGES[stage]["name"]!r} ({stage + 1} of 3) at iteration {start}' in log
        got = entries(folder / 'iter_6.pth')
        assert got.keys() == whole[6].keys()
        for name, value in whole[6].items():
            assert torch.equal(got[name], value), (start, name)
