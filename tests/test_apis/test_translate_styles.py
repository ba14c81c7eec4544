"""``mmgentransfer translate`` with styles of examples, and at the size that a model was trained on."""

from __future__ import annotations

import drit_toys
import numpy as np
import pytest
import torch
import udit_toys
from mmengine.config import Config
from PIL import Image
from translator_toys import build

from mmgentransfer.apis import trained_size
from mmgentransfer.cli import main
from mmgentransfer.visualization import read_grid

SIDE = 16


def munit_config(kind: str) -> dict:
    moves = [dict(player='discriminator'), dict(player='generator')]
    losses = udit_toys.losses(semantic=udit_toys.constraint()) if kind == 'UDIT' else udit_toys.losses()
    return dict(type=kind, domains=udit_toys.DOMAINS, networks=udit_toys.networks(4), losses=losses, moves=moves)


@pytest.mark.parametrize('kind', ['MUNIT', 'UDIT', 'DRIT'])
def test_styles_of_files(kind, tmp_path):
    cfg = drit_toys.drit_config() if kind == 'DRIT' else munit_config(kind)
    model, target = build(cfg, 1).eval(), cfg['domains'][1]
    data = dict(dataset=dict(type='ToyObjects', image_size=SIDE))
    Config(dict(model=cfg, train_dataloader=data)).dump(tmp_path / 'config.py')
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    pixels = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    for name, image in zip(('in/a', 'in/b', 'like/c', 'like/d'), pixels, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(image.repeat(2, 0).repeat(2, 1)).save(tmp_path / f'{name}.png')

    files = [str(tmp_path / 'config.py'), str(tmp_path / 'model.pth'), str(tmp_path / 'in')]
    like = [str(tmp_path / 'like' / f'{name}.png') for name in 'cd']
    out = tmp_path / 'out'
    assert main(['translate', *files, '--target', target, '--style-from', *like, '-o', str(out)]) == 0
    expected = model.translate(pixels[:2], target, codes=model.styles_of(pixels[2:], target))
    assert np.abs(expected[:, 0].astype(int) - expected[:, 1]).max() > 0
    for row, name in enumerate('ab'):
        for column in range(2):
            made = read_grid(out / target / f'{name}_{column}.png').astype(int)
            assert np.abs(made - expected[row, column]).max() <= 1


def test_size_of_cropped_training_images():
    loader = dict(dataset=dict(type='UnpairedDomains', domains=dict(A=dict(type='ImageFolder', image_size=286))))
    preprocessor = dict(type='ImagePreprocessor')
    assert trained_size(dict(train_dataloader=loader, model=dict(data_preprocessor=preprocessor))) == 286
    preprocessor['random_crop'] = 256
    assert trained_size(dict(train_dataloader=loader, model=dict(data_preprocessor=preprocessor))) == 256
    assert trained_size({}) is None
