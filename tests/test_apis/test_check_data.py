"""mmgentransfer check-data: what is wrong with data, by name, for any kind of data set."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmgentransfer.apis import check_data
from mmgentransfer.cli import main

ALIGNED = dict(
    type='AlignedModalities',
    image_size=4,
    modalities=dict(rgb=dict(type='ImageReader'), depth=dict(type='DepthReader')),
)


@pytest.fixture
def root(tmp_path):
    for number in range(4):
        for name, values in (
            ('rgb', np.zeros((4, 4, 3), np.uint8)),
            ('depth', np.full((4, 4), 1000, np.uint16)),
            ('labelled/cat', np.zeros((4, 4, 3), np.uint8)),
        ):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(tmp_path / name / f'{number}.png')
    return tmp_path


def reports(**loaders):
    return list(check_data(Config({f'{name}_dataloader': dict(dataset=value) for name, value in loaders.items()})))


def test_a_wrapped_data_set_is_checked_first_and_a_shared_one_once(root):
    dataset = dict(ALIGNED, data_root=str(root))
    split = root / 'sets.json'
    sets = dict(type='DisjointSets', dataset=dataset, sets=dict(R=['rgb'], D=['depth']), split_file=str(split))
    found = reports(train=sets, val=dataset, test=dataset)
    assert [(report.key, report.type) for report in found] == [
        ('train_dataloader.dataset.dataset', 'AlignedModalities'),
        ('train_dataloader.dataset', 'DisjointSets'),
    ]
    assert not any(report.problems for report in found)
    assert 'there is no' in found[1].facts[0]
    assert not split.exists(), 'a check must not write'
    split.write_text(json.dumps(dict(R=[0, 1], D=[1, 2])))
    assert 'share the group 1' in reports(train=sets)[1].problems[0]


def test_a_wrapper_of_broken_data_is_left_out(root):
    (root / 'depth/2.png').write_bytes(b'')
    sets = dict(type='DisjointSets', dataset=dict(ALIGNED, data_root=str(root)), sets=dict(R=['rgb'], D=['depth']))
    (report,) = reports(train=sets)
    assert report.problems == [f'{root}/depth/2.png: zero bytes']
    assert f'WRONG: {root}/depth/2.png: zero bytes' in str(report)


def test_sets_from_different_places_are_checked_one_by_one(root):
    one = dict(ALIGNED, data_root=str(root))
    two = dict(ALIGNED, data_root=str(root / 'nowhere'))
    found = reports(train=dict(type='SeparateSets', sets=dict(A=one, B=two)))
    assert [report.key for report in found] == ['train_dataloader.dataset.sets.A', 'train_dataloader.dataset.sets.B']
    assert [bool(report.problems) for report in found] == [False, True]


@pytest.mark.parametrize(
    ('dataset', 'bad'),
    [
        (dict(type='ImageFolder', data_root='rgb', image_size=4, cache='none', check='none'), 'rgb/1.png'),
        (dict(type='LabelledImageFolder', data_root='labelled', image_size=4), 'labelled/cat/1.png'),
    ],
)
def test_folders_of_images_are_decoded_whatever_the_config_says(root, dataset, bad):
    dataset['data_root'] = str(root / dataset['data_root'])
    (report,) = reports(train=dataset)
    assert (report.problems, report.facts) == ([], ['4 samples'])
    (root / bad).write_bytes((root / bad).read_bytes()[:40])
    (report,) = reports(train=dataset)
    assert bad in report.problems[0]


def test_embedded_data_need_no_files():
    (report,) = reports(train=dict(type='ToyScenes', num_scenes=3, image_size=16))
    assert (report.problems, report.facts) == ([], ['3 samples'])


def test_command_names_the_file_and_exits_with_1(root, capsys):
    config = root / 'config.py'
    config.write_text(f'train_dataloader = dict(dataset=dict({dict(ALIGNED, data_root=str(root))!r}))\n')
    assert main(['check-data', str(config)]) == 0
    out = capsys.readouterr().out
    assert 'rgb: 4x4 (4 files); values 0 to 0' in out
    assert 'all data can be used' in out
    os.remove(root / 'depth/3.png')
    assert main(['check-data', str(config)]) == 1
    out = capsys.readouterr().out
    assert 'depth: 3' in out
    assert '1 problem' in out
    assert main(['check-data', str(config), '--cfg-options', 'train_dataloader.dataset.split=no']) == 1
    assert 'neither no.txt' in capsys.readouterr().out
