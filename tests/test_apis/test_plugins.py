"""Writing one's own: a component, an installed package, a data folder; all through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]

MINER = """
from torch import nn
from mmgentransfer.registry import MODELS

@MODELS.register_module()
class {name}(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.in_features, self.out_features = dims
        self.shift = nn.Linear(*dims)

    def forward(self, u):
        return u + self.shift(u).tanh()
"""

# what a user writes: a config that inherits ours and says what is different
CONFIG = """
_base_ = '{base}'
{extra}
model = dict(
    networks=dict(
        _delete_=True,
        generators=[dict(type='WGANGPGenerator28', noise_size=16, dim=2)],
        miners=[dict(type='{miner}', dims=[16, 16])],
        critic=dict(type='WGANGPCritic28', dim=2),
    ),
    stages=[dict(name='mine', iters=1, train=['miners', 'critic']), dict(name='finetune', iters=1)],
)
train_dataloader = dict(batch_size=12)
train_cfg = dict(max_iters=2, val_at_start=False)
val_cfg = dict(num_images=10)
val_evaluator = dict(_delete_=True, type='GenerationEvaluator', extractors=dict(), metrics=[dict(type='MeanVariance')])
"""


def write_config(folder, miner='MLPMiner', extra=''):
    path = folder / 'config.py'
    path.write_text(CONFIG.format(base=ROOT / 'configs/minegan/digits.py', miner=miner, extra=extra))
    return path


@pytest.fixture
def command(subprocess_environment):
    """Runs tools/train.py and returns the finished process."""

    def run(config, work_dir, *folders, check=True):
        finished = subprocess.run(
            [sys.executable, str(ROOT / 'tools/train.py'), str(config), '--work-dir', str(work_dir)],
            env=subprocess_environment(*folders),
            cwd=work_dir.parent,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert not check or finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    return run


def trained_miner(work_dir):
    state = torch.load(work_dir / 'iter_2.pth', weights_only=True)['state_dict']
    return {name: tensor for name, tensor in state.items() if name.startswith('miners.')}


def images_of_a_folder(folder, num):
    folder.mkdir()
    for i in range(num):
        pixels = np.random.default_rng(i).integers(0, 256, (30, 36, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{i:02}.png'), pixels)


def test_own_miner_by_custom_imports_on_an_own_folder(tmp_path, command):
    (tmp_path / 'my_miners.py').write_text(MINER.format(name='ShiftMiner'))
    images_of_a_folder(tmp_path / 'photos', 12)
    images_of_a_folder(tmp_path / 'held_out', 7)
    dataset = "dict(_delete_=True, type='ImageFolder', data_root='{}', image_size=28, channels=1)"
    config = write_config(
        tmp_path,
        'ShiftMiner',
        "custom_imports = dict(imports=['my_miners'])\n"
        f'val_dataloader = dict(dataset={dataset.format("held_out")})\n'
        f'_photos = {dataset.format("photos")}\n',
    )
    text = config.read_text().replace('dict(batch_size=12)', 'dict(batch_size=12, dataset=_photos)')
    config.write_text(text)
    command(config, tmp_path / 'run', tmp_path)
    assert set(trained_miner(tmp_path / 'run')) == {'miners.0.shift.weight', 'miners.0.shift.bias'}
    line = json.loads((tmp_path / 'run' / 'metrics.jsonl').read_text())
    assert (line['iter'], line['num_real']) == (2, 7)


def test_own_miner_by_an_entry_point(tmp_path, command):
    """An installed package needs no word in the config; a broken one beside it does no harm."""
    site = tmp_path / 'site'
    for name, source in (('shift', MINER.format(name='InstalledMiner')), ('broken', 'import not_there\n')):
        (site / f'{name}_miners').mkdir(parents=True)
        (site / f'{name}_miners' / '__init__.py').write_text(source)
        info = site / f'{name}_miners-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}_miners\nVersion: 1.0\n')
        (info / 'entry_points.txt').write_text(f'[mmgentransfer.plugins]\n{name} = {name}_miners\n')
    command(write_config(tmp_path, 'InstalledMiner'), tmp_path / 'run', site)
    assert set(trained_miner(tmp_path / 'run')) == {'miners.0.shift.weight', 'miners.0.shift.bias'}

    refused = command(write_config(tmp_path, 'BrokenMiner'), tmp_path / 'refused', site, check=False)
    assert refused.returncode == 2
    assert "model.networks.miners[0].type = 'BrokenMiner' is not registered" in refused.stderr
    assert 'plugin broken (broken_miners) failed to import: ModuleNotFoundError("No module named' in refused.stderr
    assert 'Traceback' not in refused.stderr
    assert not (tmp_path / 'refused' / 'iter_2.pth').exists()
