"""Dealing aligned samples out to sets that hide modalities from each other."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmnets_toys import SETS

from mmgentransfer.datasets import DisjointSets, ToyScenes


def grouped(num=40, groups=10):
    scenes = ToyScenes(num, image_size=16)
    scenes.groups = np.arange(num) % groups
    return scenes


def test_sets_share_no_group_and_hide_modalities():
    scenes = grouped()
    data = DisjointSets(scenes, SETS)
    dealt = {name: set(scenes.groups[index]) for name, index in data.indices.items()}
    assert not dealt['RS'] & dealt['RD']
    assert {name: len(index) for name, index in data.indices.items()} == dict(RS=20, RD=20)
    batch = data.__getitems__([0, 1])
    assert {name: set(part) for name, part in batch.items()} == {name: set(held) for name, held in SETS.items()}
    assert len(data) == 20
    item = data[3]
    assert torch.equal(item['RS']['rgb'], data.__getitems__([3])['RS']['rgb'][0])


def test_a_hidden_modality_is_not_loaded(monkeypatch):
    scenes, loaded = grouped(), []
    load = scenes.load
    monkeypatch.setattr(scenes, 'load', lambda index, names: loaded.append(list(names)) or load(index, names))
    DisjointSets(scenes, SETS).__getitems__([0])
    assert loaded == [SETS[name] for name in sorted(SETS)]


def test_every_sample_of_a_set_comes_once_an_epoch_and_the_shorter_set_again():
    scenes = grouped(40, 40)
    data = DisjointSets(scenes, SETS, fractions=dict(RS=0.75, RD=0.25))
    assert {name: len(index) for name, index in data.indices.items()} == dict(RS=30, RD=10)
    batch = data.__getitems__(list(range(30)))
    for name, times in (('RS', 1), ('RD', 3)):
        colours = [image.numpy().tobytes() for image in batch[name]['rgb']]
        expected = scenes.load(data.indices[name].tolist(), ['rgb'])['rgb']
        assert sorted(colours) == sorted(times * [image.numpy().tobytes() for image in expected])


def test_split_file(tmp_path):
    files = [tmp_path / 'sub' / f'{name}.json' for name in ('a', 'b', 'c')]
    for file, seed in zip(files, (0, 0, 1), strict=True):
        DisjointSets(grouped(), SETS, seed=seed, split_file=str(file))
    texts = [file.read_text() for file in files]
    assert texts[0] == texts[1] != texts[2]
    again = DisjointSets(grouped(), SETS, seed=1, split_file=str(files[0]))
    assert {name: index.tolist() for name, index in again.indices.items()} == json.loads(texts[0])


@pytest.mark.parametrize(
    ('stored', 'message'),
    [
        (dict(RS=[0, 1], RD=[11]), 'share the group 1 .*split.json'),
        (dict(RS=[0], RX=[1]), r"has the sets \['RS', 'RX'\]"),
        (dict(RS=[0], RD=[40]), "samples of 'RD' must be numbers of 0 to 39"),
        (dict(RS=[0], RD=[]), "samples of 'RD'"),
    ],
)
def test_split_files_that_do_not_fit(tmp_path, stored, message):
    (tmp_path / 'split.json').write_text(json.dumps(stored))
    with pytest.raises(ValueError, match=message):
        DisjointSets(grouped(), SETS, split_file=str(tmp_path / 'split.json'))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(sets=dict(RS=['rgb', 'segmentatoin'])), "names 'segmentatoin'.*Did you mean 'segmentation'"),
        (dict(fractions=dict(RS=0.8, RD=0.4)), 'sum of at most 1'),
        (dict(fractions=dict(RS=1.0)), 'a positive number for each'),
        (dict(fractions=dict(RS=0.95, RD=0.02)), 'RD gets none of the 10 groups'),
    ],
)
def test_impossible_sets(options, message):
    with pytest.raises(ValueError, match=message):
        DisjointSets(grouped(), **(dict(sets=SETS) | options))


def test_overlapping_sets_hold_everything():
    data = DisjointSets(grouped(), SETS, allow_overlap=True)
    assert all(index.tolist() == list(range(40)) for index in data.indices.values())
