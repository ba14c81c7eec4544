"""DRIT and IcGAN go on exactly where they stopped, the latter in its second stage as well."""

from __future__ import annotations

import pytest
import torch
from drit_toys import drit_config, icgan_config
from mmengine.config import Config

from mmgentransfer.apis import load_config, train
from mmgentransfer.apis.inference import load_checkpoint


def experiment(kind: str, work_dir, iters: int) -> Config:
    name = 'drit_toy_handbags' if kind == 'drit' else 'icgan_toy'
    cfg = load_config(f'configs/baselines/{name}.py', work_dir=work_dir)
    if kind == 'drit':
        cfg.model = drit_config(mode_seeking=True, domains=['flat', 'textured'])
        for name in ('discriminators', 'random_discriminators'):
            cfg.model['networks'][name] = dict(type='MultiScaleDiscriminator', num_layers=2, num_scales=1)
        for domain in cfg.train_dataloader.dataset.domains.values():
            domain.counts = dict.fromkeys(domain.counts, 8)
        cfg.train_dataloader.batch_size = 6
    else:
        cfg.model = icgan_config(domains=['yellow', 'green', 'blue'])
        cfg.train_dataloader.dataset.update(num_per_class=8, colours=['yellow', 'green', 'blue'])
        cfg.train_dataloader.batch_size = 6
    cfg.train_cfg.max_iters = iters
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    return cfg


@pytest.mark.parametrize(('kind', 'stop'), [('drit', 2), ('icgan', 1), ('icgan', 3)])
def test_resumed_run_ends_as_an_uninterrupted_one(kind, stop, tmp_path, monkeypatch):
    train(experiment(kind, tmp_path / 'whole', 4))
    monkeypatch.setattr('mmgentransfer.engine.loops.train_loop.GameTrainLoop._check_stages', lambda self: None)
    train(experiment(kind, tmp_path / 'parts', stop))
    train(experiment(kind, tmp_path / 'parts', 4), resume=True)
    whole, parts = (load_checkpoint(str(tmp_path / name / 'iter_4.pth'))['state_dict'] for name in ('whole', 'parts'))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    first = load_checkpoint(str(tmp_path / 'parts' / f'iter_{stop}.pth'))['state_dict']
    assert not all(torch.equal(whole[key], first[key]) for key in whole)
