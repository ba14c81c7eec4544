"""TransferI2I in two processes: the three stages and their hand-overs end with the weights of one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from test_transferi2i_runs import experiment, state
from transferi2i_toys import STAGES, biggan_config, stylegan_config

from mmgentransfer.apis import train
from mmgentransfer.models.methods.transferi2i.transferi2i import PHASES

ROOT = Path(__file__).parents[2]

WORKER = """
import sys
from pathlib import Path
import torch
from torch import distributed
from test_transferi2i_distributed import CASES, config, train
torch.set_num_threads(1)
rank, folder = int(sys.argv[1]), Path(sys.argv[2])
distributed.init_process_group('gloo', init_method=f'file://{folder}/meeting', rank=rank, world_size=2)
for name in CASES:
    train(config(name, folder / name / 'double', 4))
distributed.destroy_process_group()
"""


def stylegan() -> dict:
    """Between two domains; a score that depends on its batch would depend on the process."""
    model = stylegan_config(side=16, width=4)
    for name in ('discriminator', 'source_discriminator'):
        model['networks'][name] = dict(model['networks'][name], group_size=1)
    return model


def biggan() -> dict:
    """Of two classes; batch norms in training mode would see each process's own images."""
    modes = dict.fromkeys(('generator', 'aux_generator'), 'fixed_statistics')
    stages = [STAGES[0] | dict(modes=modes), STAGES[1], STAGES[2] | dict(modes=modes)]
    return biggan_config(side=16, width=4, stages=stages)


CASES = dict(stylegan=stylegan, biggan=biggan)


def config(name: str, work_dir: Path, batch_size: int) -> Config:
    cfg = experiment(CASES[name](), work_dir)
    cfg.train_dataloader.batch_size = batch_size
    cfg.model.losses.auxiliary.loss_weight = 1.0  # else it moves its network by less than what is told apart here
    # plain gradient descent: Adam would blow the last bits of tiny gradients up to whole steps
    for player in ('discriminator', 'generator'):
        cfg.optim_wrapper[player].optimizer = dict(type='SGD', lr=1e-2)
    return cfg


@pytest.fixture(scope='module')
def runs(tmp_path_factory, subprocess_environment):
    """The folder of each case's runs: of one process, and of two, each with half of the batch."""
    folder = tmp_path_factory.mktemp('transferi2i')
    environment = subprocess_environment(Path(__file__).parent, ROOT / 'tests')
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', WORKER, str(rank), str(folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    for name in CASES:
        train(config(name, folder / name / 'single', 8))
    for process in processes:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors
    return folder


@pytest.mark.parametrize('name', CASES)
def test_two_processes_have_the_weights_of_one(name, runs):
    for iteration in range(1, 1 + sum(stage['iters'] for stage in STAGES)):
        alone, together = (state(runs / name / kind, iteration) for kind in ('single', 'double'))
        assert alone.keys() == together.keys()
        for key, value in alone.items():
            torch.testing.assert_close(together[key], value, atol=1e-5, rtol=0, msg=f'{key}, iteration {iteration}')


@pytest.mark.parametrize('name', CASES)
def test_every_network_has_moved(name, runs):
    """Else one and two processes would agree without any training."""
    for index, stage in enumerate(PHASES):
        before, after = (state(runs / name / 'single', 2 * index + step) for step in (1, 2))
        for network in PHASES[stage]:
            keys = [key for key in after if key.startswith(f'{network}.') and not key.endswith(('_u', '_v'))]
            moved = [(after[key] - before[key]).abs().max().item() for key in keys if after[key].is_floating_point()]
            assert not keys or max(moved) > 1e-4, (stage, network)
