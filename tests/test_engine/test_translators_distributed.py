"""Translators in two processes: the methods' steps, and the command that trains SUN RGB-D."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import udit_toys
from mmnets_toys import aligned_samples
from PIL import Image
from translator_toys import build, colours_config, cyclegan_config, noise_images, pix2pix_config, stargan_config

from mmgentransfer.engine import PlayerOptimWrappers
from mmgentransfer.models.baselines import StarGAN

ROOT = Path(__file__).parents[2]

# ------------------------------------------------------------------------------------------------ the steps

WORKER = """
import sys
import torch
from torch import distributed
from test_translators_distributed import CASES, trained
rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group('gloo', init_method=f'file://{folder}/meeting', rank=rank, world_size=2)
torch.save({name: trained(name, rank, 2) for name in CASES}, f'{folder}/{rank}.pth')
distributed.destroy_process_group()
"""


def without_batch_norms(config):
    """Their statistics are each process's own."""
    for network in config['networks']['generators'].values():
        for part in ('encoder', 'decoder'):
            if part in network:
                network[part]['norm_cfg'] = None
    return config


def without_dropout(config):
    for network in config['networks']['generators'].values():
        network['dropout'] = 0.0
    return config


def udit_config():
    networks = udit_toys.networks(4)
    networks['discriminators']['init'] = dict(type='kaiming')  # whose gradients are not as tiny as those of its own
    return dict(
        type='UDIT',
        domains=udit_toys.DOMAINS,
        networks=networks,
        losses=udit_toys.losses(semantic=udit_toys.constraint(feature_scale=1.0)),
        moves=[dict(player='discriminator'), dict(player='generator')],
    )


CASES = {
    'CycleGAN': (
        lambda: without_batch_norms(cyclegan_config()),
        lambda: aligned_samples(4, ('depth', 'segmentation')),
    ),
    'UnpairedMixAndMatchNets': (colours_config, lambda: noise_images('blue', 'red', 'green', num=4)),
    'Pix2Pix': (lambda: without_dropout(pix2pix_config()), lambda: aligned_samples(4)),
    'UDIT': (udit_config, lambda: noise_images(*udit_toys.DOMAINS, num=4)),
    'StarGAN': (stargan_config, lambda: noise_images('images', num=8) | dict(labels=torch.arange(8) % 3)),
}


def trained(name: str, rank: int = 0, world_size: int = 1) -> list[dict[str, torch.Tensor]]:
    """The parameters before and after each of three steps on this process's share of a batch."""
    torch.set_num_threads(1)
    config, batch = CASES[name]
    model = build(config())
    if name == 'StarGAN':  # translates to the domain of another image of the process: here to the next domain
        StarGAN._targets = lambda self, batch: (
            (own := self.domains_of(batch['labels'])),
            own.roll(1, dims=1),
        )
    # plain gradient descent: Adam would blow the last bits of tiny gradients up to whole steps
    wrappers = PlayerOptimWrappers({player: dict(optimizer=dict(type='SGD', lr=1e-4)) for player in model.players})(
        model
    )
    share = {key: value[rank::world_size] for key, value in batch().items()}
    states = [{key: p.detach().clone() for key, p in model.named_parameters()}]
    for iteration in range(3):
        model.train_step(share, wrappers, iteration)
        states.append({key: p.detach().clone() for key, p in model.named_parameters()})
    return states


@pytest.fixture(scope='module')
def ranks(tmp_path_factory, subprocess_environment):
    """What each of two processes that train all methods has."""
    folder = tmp_path_factory.mktemp('ranks')
    environment = subprocess_environment(Path(__file__).parent, ROOT / 'tests')
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', WORKER, str(rank), str(folder)], env=environment, stderr=subprocess.PIPE, text=True
        )
        for rank in (0, 1)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors
    return [torch.load(folder / f'{rank}.pth') for rank in (0, 1)]


@pytest.mark.parametrize('name', CASES)
def test_two_processes_agree_and_end_with_the_weights_of_one(name, ranks, monkeypatch):
    monkeypatch.setattr(StarGAN, '_targets', StarGAN._targets)  # put back afterwards
    single = trained(name)
    moved = {key: (value - single[0][key]).abs().max() for key, value in single[-1].items()}
    assert all(moved[key] > 3e-6 for key, value in single[0].items() if value.ndim == 4), moved
    for alone, first, second in zip(single, *(rank[name] for rank in ranks), strict=True):
        for key, value in alone.items():
            assert torch.equal(first[key], second[key]), key
            assert (first[key] - value).abs().max() <= 0.02 * moved[key] + 5e-7, key


# ------------------------------------------------------------------------------------------------ SUN RGB-D


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def small_release(folder: Path) -> None:
    """Ten images in the layout and the encodings of SUN RGB-D's toolbox."""
    random = np.random.default_rng(0)
    for number in range(1, 11):
        save(folder / f'image/img-{number:06d}.jpg', random.integers(0, 256, (36, 48, 3), dtype=np.uint8))
        save(folder / f'depth/{number:06d}.png', random.integers(500, 7000, (36, 48)).astype(np.uint16) << 3)
        save(folder / f'label37/img-{number:06d}.png', random.integers(0, 38, (36, 48), dtype=np.uint8))


NARROW = 'stage_channels=[4,8,8]', 'stage_blocks=[1,1,1]'
OPTIONS = [
    *(f'model.networks.{kind}.{m}.{o}' for kind in ('encoders', 'decoders') for m in ('depth', 'segmentation')
      for o in NARROW),
    *(f'model.networks.encoders.rgb.{option}' for option in (*NARROW, 'pretrained=None')),
    f'model.networks.decoders.rgb.{NARROW[0]}',
    'model.networks.discriminators.rgb.channels=[4,8]',
    *(f'model.stages.{stage}.iters=2' for stage in range(3)),
    'train_cfg.max_iters=6',
    'train_cfg.val_interval=6',
    'default_hooks.checkpoint.interval=6',
    'train_dataloader.batch_size=2',
    'train_dataloader.dataset.dataset.image_size=32',
    'val_dataloader.dataset.image_size=32',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
]  # fmt: skip


def test_the_command_that_trains_sun_rgbd(tmp_path, monkeypatch, subprocess_environment):
    """``tools/dist_train.sh configs/mmnets/sunrgbd.py 2`` on a small copy of the release, with narrow networks."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'dataset_converters'))
    small_release(tmp_path / 'release')
    split = dict(RS=[1, 2, 3, 4], RD=[5, 6, 7, 8], test=[9, 10])
    (tmp_path / 'split.json').write_text(json.dumps(split))
    converter = importlib.import_module('sunrgbd')
    converter.main([str(tmp_path / 'release'), str(tmp_path / 'data/sunrgbd'), '--split', str(tmp_path / 'split.json')])
    finished = subprocess.run(
        [str(ROOT / 'tools/dist_train.sh'), str(ROOT / 'configs/mmnets/sunrgbd.py'), '2', '--cfg-options', *OPTIONS],
        cwd=tmp_path,
        env=subprocess_environment(PYTHON=sys.executable),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    run = tmp_path / 'work_dirs/mmnets/sunrgbd'
    scores = json.loads((run / 'metrics.jsonl').read_text().splitlines()[-1])
    assert (scores['iter'], scores['num_samples']) == (6, 2)
    assert {'D2S/miou', 'S2D/rmse', 'RD2S/global', 'D2R2S/miou', 'alignment_depth_rgb'} <= set(scores)
    assert np.isfinite(list(scores.values())).all()
    assert (run / 'iter_6.pth').exists()
    stages = [line for path in run.glob('*/*.log') for line in path.read_text().splitlines() if "stage '" in line]
    assert [line.partition("stage '")[2].partition("'")[0] for line in stages] == [
        'translators', 'alignment', 'pseudo-pairs',
    ]  # fmt: skip
