"""Two processes do what one does on the same global batch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmgentransfer.apis import train
from mmgentransfer.checkpoints import latest_checkpoint, load_checkpoint
from mmgentransfer.engine.distributed import average_gradients

ROOT = Path(__file__).parents[2]
SEED = 1

# a hook that lets the processes of a run try the collectives, and notes what each of them got
PROBE = """
import json
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmgentransfer.engine import distributed
from mmgentransfer.models.selectors import FrequencySelector
from mmgentransfer.registry import HOOKS

@HOOKS.register_module()
class CollectivesProbe(Hook):
    def before_train(self, runner):
        rank = get_rank()
        # a parameter with a gradient in both processes, in the first, in the second, in none, and one of another type
        parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in range(4)]
        parameters.append(torch.nn.Parameter(torch.zeros(3, dtype=torch.float64)))
        for index in [(0, 1), (0, 2)][rank]:
            parameters[index].grad = torch.tensor([1.0, 2.0]) + 10 * rank
        parameters[4].grad = torch.full((3,), float(rank), dtype=torch.float64)
        distributed.average_gradients(parameters)
        gradients = [None if p.grad is None else p.grad.tolist() for p in parameters]

        layer = torch.nn.BatchNorm1d(2)
        layer.weight.data.fill_(rank + 1.0)
        layer.running_mean.fill_(rank + 3.0)
        layer.num_batches_tracked.fill_(rank + 5)
        distributed.broadcast_buffers(layer)
        buffers = [layer.weight.tolist(), layer.running_mean.tolist(), layer.num_batches_tracked.item()]
        distributed.broadcast_model(layer)
        buffers.append(layer.weight.tolist())

        selector = FrequencySelector(2)
        selector.record('generator', torch.tensor([[0, 0], [0, 1]][rank]))
        p = selector.probabilities.tolist()
        with open(f'{runner.work_dir}_{rank}.json', 'w') as file:
            json.dump(dict(gradients=gradients, buffers=buffers, p=p), file)
"""


def game():
    """A MineGAN of 28-pixel networks."""
    return dict(
        type='MineGAN',
        data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0), flip=0.5),
        networks=dict(
            generators=[dict(type='WGANGPGenerator28', noise_size=16, dim=4)],
            miners=[dict(type='MLPMiner', dims=[16, 16, 16])],
            critic=dict(type='WGANGPCritic28', dim=4),
        ),
        losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
        moves=[dict(player='critic', repeat=2), dict(player='generator')],
        stages=[dict(name='mine', iters=3, train=['miners', 'critic']), dict(name='finetune', iters=3)],
    )


def settings(cfg):
    # With some seeds an activation is so near the kink of its leaky ReLU that rounding decides on its side, and moves
    # weights by 1e-3, also within one process. With this one, changes of 3e-7 of all initial weights stay below 1e-6.
    cfg.randomness.seed = SEED
    # plain gradient descent: Adam would blow the last bits of tiny gradients up to whole steps
    for player in ('critic', 'generator'):
        cfg.optim_wrapper[player].optimizer = dict(type='SGD', lr=0.01)
    cfg.custom_hooks = [dict(type='EMAHook', networks=['miners', 'generators'], half_life=20)]
    cfg.val_cfg.update(num_images=22, batch_size=5)
    return cfg


@pytest.fixture(scope='module')
def runs(tmp_path_factory, make_experiment, subprocess_environment):
    """The folders of a run of one process and of a run of two, each with half of the batch."""
    folder = tmp_path_factory.mktemp('distributed')
    single = settings(make_experiment(folder / 'single', game(), 6, side=28))
    train(single)
    double = settings(make_experiment(folder / 'double', game(), 6, side=28))
    double.train_dataloader.batch_size //= 2
    double.custom_imports = dict(imports=['collectives_probe'])
    double.custom_hooks.append(dict(type='CollectivesProbe'))
    double.dump(folder / 'config.py')
    (folder / 'collectives_probe.py').write_text(PROBE)
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


def test_two_processes_end_with_the_weights_of_one(runs):
    single, double = (load_checkpoint(latest_checkpoint(runs / name)) for name in ('single', 'double'))
    assert single['meta']['iter'] == double['meta']['iter'] == 6
    assert list(single['state_dict']) == list(double['state_dict'])
    for name, tensor in single['state_dict'].items():
        assert (tensor - double['state_dict'][name]).abs().max() <= 1e-5, name


def test_the_run_has_moved_every_network(runs, build_game):
    """Else the weights of one and two processes would agree without any training."""
    start = build_game(game(), SEED).state_dict()
    state = load_checkpoint(latest_checkpoint(runs / 'single'))['state_dict']
    for name in ('miners.0.layers.0.weight', 'generators.0.deconvs.1.weight', 'critic.convs.1.weight'):
        assert (state[name] - start[name]).abs().max() > 1e-4, name


def test_scores_do_not_depend_on_the_number_of_processes(runs):
    single, double = (json.loads((runs / name / 'metrics.jsonl').read_text()) for name in ('single', 'double'))
    assert single['num_generated'] == double['num_generated'] == 22
    assert double['mv'] == pytest.approx(single['mv'], rel=1e-3)


def test_gradients_are_averaged(runs):
    for rank in (0, 1):
        gradients = json.loads((runs / f'double_{rank}.json').read_text())['gradients']
        assert gradients == [
            [6.0, 7.0],  # (1 + 11) / 2, (2 + 12) / 2
            [0.5, 1.0],  # the first process alone: zero in the other
            [5.5, 6.0],  # the second alone
            None,
            [0.5, 0.5, 0.5],
        ]


def test_weights_and_buffers_come_from_the_first_process(runs):
    buffers = [json.loads((runs / f'double_{rank}.json').read_text())['buffers'] for rank in (0, 1)]
    assert buffers[0] == [[1, 1], [3, 3], 5, [1, 1]]
    assert buffers[1] == [[2, 2], [3, 3], 5, [1, 1]]


def test_a_selector_counts_the_wins_of_all_processes(runs):
    assert [json.loads((runs / f'double_{rank}.json').read_text())['p'] for rank in (0, 1)] == [[0.75, 0.25]] * 2


def test_one_process_leaves_gradients_alone():
    parameter, without = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([1.0, 2.0])
    average_gradients([parameter, without])
    assert parameter.grad.tolist() == [1, 2]
    assert without.grad is None
