"""Image numbers: which image of the set each item of a batch is, also after shuffling."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader

from mmgentransfer.datasets import stack_batch
from mmgentransfer.registry import DATASETS


@pytest.fixture
def folder(tmp_path):
    for label in ('a', 'b'):
        (tmp_path / label).mkdir()
        for i in range(6):
            pixels = np.full((8, 8, 3), 20 * i + (label == 'b'), np.uint8)
            assert cv2.imwrite(str(tmp_path / label / f'{i}.png'), pixels)
    return str(tmp_path)


def configs(folder):
    return [
        dict(type='Digits', image_size=8, classes=[3, 9], num_per_class=6, with_indices=True),
        dict(type='ImageFolder', data_root=folder, image_size=8, num_images=7, seed=3, with_indices=True),
        dict(type='ImageFolder', data_root=folder, image_size=8, cache='none', with_indices=True),
        dict(type='LabelledImageFolder', data_root=folder, image_size=8, with_indices=True),
    ]


@pytest.mark.parametrize('number', range(4))
@pytest.mark.parametrize('workers', [0, 1])
def test_indices_belong_to_their_images_after_shuffling(number, workers, folder):
    dataset = DATASETS.build(configs(folder)[number])
    sampler = InfiniteSampler(dataset, shuffle=True, seed=5)
    loader = iter(DataLoader(dataset, batch_size=5, sampler=sampler, num_workers=workers, collate_fn=stack_batch))
    seen = []
    for _ in range(6):
        batch = next(loader)
        assert batch['indices'].dtype == torch.int64
        assert batch['indices'].shape == (5,)
        seen += batch['indices'].tolist()
        for i, image in zip(batch['indices'].tolist(), batch['images'], strict=True):
            assert torch.equal(dataset[i]['images'], image)
            assert dataset[i]['indices'] == i
    assert set(seen) == set(range(len(dataset)))
    assert seen[: len(dataset)] != sorted(seen[: len(dataset)])


def test_there_are_none_unless_asked_for(folder):
    for config in configs(folder):
        dataset = DATASETS.build(dict(config, with_indices=False))
        assert 'indices' not in dataset[0]
        assert 'indices' not in stack_batch(dataset.__getitems__([2, 1]))
