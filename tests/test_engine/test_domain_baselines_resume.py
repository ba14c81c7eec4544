"""Translators between domains go on exactly where they stopped, IcGAN in its second stage as well."""

from __future__ import annotations

import pytest
import torch
from drit_toys import drit_config, icgan_config
from mmengine.config import Config
from translator_toys import stargan_config
from udit_toys import extractor

from mmgentransfer.apis import load_config, train
from mmgentransfer.apis.inference import load_checkpoint
from mmgentransfer.models.semantic_extractors import ReducedSemanticExtractor

FILES = dict(
    drit='baselines/drit_toy_handbags.py',
    icgan='baselines/icgan_toy.py',
    munit='udit/toy_handbags_texture.py',
    udit='udit/toy_handbags_texture.py',
    stargan='_base_/models/stargan.py',
    cyclegan='baselines/cyclegan_toy_hues.py',
    sdit='sdit/toy16_sdit.py',
)


def experiment(kind: str, work_dir, iters: int) -> Config:
    cfg = load_config(f'configs/{FILES[kind]}', work_dir=work_dir)
    if kind == 'drit':
        cfg.model = drit_config(mode_seeking=True, domains=['flat', 'textured'])
        for name in ('discriminators', 'random_discriminators'):
            cfg.model['networks'][name] = dict(type='MultiScaleDiscriminator', num_layers=2, num_scales=1)
    elif kind == 'icgan':
        cfg.model = icgan_config(domains=['yellow', 'green', 'blue'])
        cfg.train_dataloader.dataset.colours = ['yellow', 'green', 'blue']
    elif kind == 'stargan':
        colours = ['yellow', 'green', 'blue']
        cfg.model = stargan_config(domains=colours)
        objects = dict(type='ToyObjects', image_size=16, colours=colours, labelled='colour')
        cfg.train_dataloader = load_config(f'configs/{FILES["sdit"]}').train_dataloader
        cfg.train_dataloader.dataset = dict(objects, num_per_class=8)
    elif kind == 'munit':
        cfg.model.type = 'MUNIT'
        cfg.model.losses.pop('semantic')
    elif kind == 'udit':  # the scale of whose constraint is measured at each start
        torch.manual_seed(0)
        options = {key: value for key, value in extractor(8).items() if key != 'type'}
        state = ReducedSemanticExtractor(**options).state_dict()
        torch.save({f'classifier.{key}': value for key, value in state.items()}, work_dir.parent / 'extractor.pth')
        cfg.model.losses.semantic.extractor.init_cfg.checkpoint = str(work_dir.parent / 'extractor.pth')
    dataset = cfg.train_dataloader.dataset
    for part in (dataset.get('domains') or {0: dataset.get('dataset') or dataset}).values():
        part.update(counts=dict.fromkeys(part.counts, 8)) if part.get('counts') else part.update(num_per_class=8)
    cfg.train_dataloader.batch_size = 6
    cfg.train_cfg.max_iters = iters
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
    cfg.default_hooks.sample_grid = None
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    return cfg


@pytest.mark.parametrize(
    ('kind', 'stop'),
    [('drit', 2), ('icgan', 1), ('icgan', 3), ('munit', 2), ('udit', 2), ('stargan', 2), ('cyclegan', 2), ('sdit', 2)],
)
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
