from __future__ import annotations

import pytest
import torch
from mmengine.registry import FUNCTIONS as ROOT_FUNCTIONS
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from PIL import Image
from torch.utils.data import DataLoader, Subset

from mmgentransfer.datasets import Digits, ImageDataset, stack_batch
from mmgentransfer.registry import FUNCTIONS


def test_stack_batch_passes_batches_and_stacks_items():
    batch = {'images': torch.zeros(2, 1, 3, 3)}
    assert stack_batch(batch) is batch
    items = [{'images': torch.full((1, 2, 2), i, dtype=torch.uint8), 'labels': torch.tensor(i)} for i in range(3)]
    stacked = stack_batch(items)
    assert stacked['images'].shape == (3, 1, 2, 2)
    assert stacked['images'].dtype == torch.uint8
    assert stacked['images'][:, 0, 0, 0].tolist() == [0, 1, 2]
    assert stacked['labels'].dtype == torch.int64
    assert stacked['labels'].tolist() == [0, 1, 2]


def test_stack_batch_is_found_with_and_without_scope():
    assert FUNCTIONS.get('stack_batch') is stack_batch
    assert ROOT_FUNCTIONS.get('stack_batch') is stack_batch
    assert ROOT_FUNCTIONS.get('mmgentransfer.stack_batch') is stack_batch


def test_labels_must_match_images():
    with pytest.raises(ValueError, match='3 images and 2 labels'):
        ImageDataset(torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.zeros(2, dtype=torch.long))


@pytest.mark.parametrize('num_workers', [0, 1])
def test_runner_builds_an_infinite_loader(num_workers):
    config = {
        'dataset': {'type': 'Digits', 'classes': [2, 5], 'num_per_class': 5, 'image_size': 8, 'labelled': True},
        'sampler': {'type': 'InfiniteSampler', 'shuffle': True},
        'collate_fn': {'type': 'stack_batch'},
        'batch_size': 4,
        'num_workers': num_workers,
    }
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        loader = Runner.build_dataloader(config, seed=7)
    dataset = loader.dataset
    generator = torch.Generator().manual_seed(7)
    order = torch.cat([torch.randperm(10, generator=generator) for _ in range(2)])
    batches = iter(loader)
    for start in range(0, 20, 4):
        batch = next(batches)
        rows = order[start : start + 4]
        assert torch.equal(batch['images'], dataset.images[rows])
        assert torch.equal(batch['labels'], dataset.labels[rows])


def test_loader_of_files_that_are_not_cached(tmp_path):
    for i in range(6):
        Image.new('RGB', (4, 4), (i, i, i)).save(tmp_path / f'{i}.png')
    config = {
        'dataset': {'type': 'ImageFolder', 'data_root': str(tmp_path), 'image_size': 4, 'cache': 'none'},
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': {'type': 'stack_batch'},
        'batch_size': 4,
        'num_workers': 1,
    }
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        loader = Runner.build_dataloader(config)
    batches = [batch['images'][:, 0, 0, 0].tolist() for batch in loader]
    assert batches == [[0, 1, 2, 3], [4, 5]]


def test_a_batch_is_one_call(monkeypatch):
    dataset = Digits(classes=[0], num_images=8)
    calls = []
    original = ImageDataset.__getitems__
    monkeypatch.setattr(ImageDataset, '__getitems__', lambda self, rows: calls.append(rows) or original(self, rows))
    loader = DataLoader(dataset, batch_size=8, collate_fn=stack_batch)
    assert len(list(loader)) == 1
    assert calls == [list(range(8))]


def test_subset_of_torch_keeps_batches():
    dataset = Digits(classes=[0, 1], num_images=20, labelled=True)
    loader = DataLoader(Subset(dataset, [3, 1, 19]), batch_size=3, collate_fn=stack_batch)
    batch = next(iter(loader))
    assert torch.equal(batch['images'], dataset.images[[3, 1, 19]])
    assert torch.equal(batch['labels'], dataset.labels[[3, 1, 19]])


def test_datasets_can_be_iterated():
    dataset = Digits(classes=[4], num_images=3)
    assert torch.equal(torch.stack([item['images'] for item in dataset]), dataset.images)
