"""Translators go on exactly where they stopped: pools, dropout and choices follow from the counters."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from translator_toys import colours_config, pix2pix_config

from mmgentransfer.apis import load_config, train
from mmgentransfer.apis.inference import load_checkpoint


def experiment(kind: str, work_dir, iters: int) -> Config:
    cfg = load_config('configs/mmnets/toy_colors.py', work_dir=work_dir)
    if kind == 'pool':
        cfg.model = colours_config(pool_size=6, image_size=16)
        cfg.train_dataloader.dataset = dict(
            type='UnpairedDomains',
            dataset=dict(
                type='ToyObjects', image_size=16, num_per_class=6, labelled='colour', colours=['blue', 'red', 'green']
            ),
        )
    else:
        cfg.model = pix2pix_config()
        for generator in cfg.model['networks']['generators'].values():
            generator.update(num_downs=6)
        scenes = dict(type='ToyScenes', image_size=64, num_scenes=12)
        cfg.train_dataloader.dataset = dict(
            type='DisjointSets', dataset=scenes, sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth'])
        )
    cfg.train_dataloader.batch_size = 3
    for part in ('dataloader', 'cfg', 'evaluator'):  # these translate other modalities than the config's
        cfg.pop(f'val_{part}'), cfg.pop(f'test_{part}')
    cfg.train_cfg.max_iters = iters
    cfg.default_hooks.checkpoint.interval = 3
    return cfg


@pytest.mark.parametrize('kind', ['pool', 'dropout'])
def test_resumed_run_ends_as_an_uninterrupted_one(kind, tmp_path):
    train(experiment(kind, tmp_path / 'whole', 6))
    train(experiment(kind, tmp_path / 'parts', 3))
    train(experiment(kind, tmp_path / 'parts', 6), resume=True)
    whole, parts = (load_checkpoint(str(tmp_path / name / 'iter_6.pth'))['state_dict'] for name in ('whole', 'parts'))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    first = load_checkpoint(str(tmp_path / 'parts' / 'iter_3.pth'))['state_dict']
    assert not all(torch.equal(whole[key], first[key]) for key in whole)
