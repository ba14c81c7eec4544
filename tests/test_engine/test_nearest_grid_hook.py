"""The picture of samples beside their nearest training images."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmgentransfer.datasets import Digits
from mmgentransfer.engine.hooks import NearestGridHook
from mmgentransfer.visualization.grids import read_grid, split_grid


class _Remembered:
    """A model whose samples are training images, a little darker, from the last to the first."""

    def __init__(self, dataset, darker):
        self.images = dataset.images.flip(0).permute(0, 2, 3, 1).numpy()
        self.darker = np.array(darker, np.uint8)

    def sample(self, num, **kwargs):
        return self.images[:num] - np.minimum(self.images[:num], self.darker[:num, None, None, None])

    def parameters(self):
        return iter([torch.zeros(1)])


@pytest.mark.parametrize('features', [False, True])
def test_nearest_training_images_are_below_the_samples(tmp_path, features):
    dataset = Digits(image_size=8, classes=[0, 1, 2], split='train')  # 300 images: more than one batch
    model = _Remembered(dataset, darker=[3, 1, 2, 0, 9, 8])
    runner = SimpleNamespace(
        model=model,
        work_dir=str(tmp_path),
        logger=logging.getLogger('nearest'),
        train_dataloader=SimpleNamespace(dataset=dataset),
    )
    hook = NearestGridHook(num_images=5, num_samples=6, columns=4)
    if features:
        hook.extractor = _Flat()
    hook.before_run(runner)
    hook.after_run(runner)
    pairs = split_grid(read_grid(tmp_path / 'nearest.png'), 8, 16).reshape(2, 2, 4, 8, 8, 3)
    order = [3, 1, 2, 0]  # darker by 0, 1, 2 and 3; the fifth is one of the two others
    samples = model.sample(6).repeat(3, axis=3)
    np.testing.assert_array_equal(pairs[0, 0], samples[order])
    np.testing.assert_array_equal(pairs[0, 1], model.images[order].repeat(3, axis=3))
    last = next(i for i in (4, 5) if np.array_equal(pairs[1, 0, 0], samples[i]))
    np.testing.assert_array_equal(pairs[1, 1, 0], model.images[last].repeat(3, axis=2))
    assert (pairs[1, :, 1:] == 255).all()


class _Flat(nn.Module):
    """An extractor whose features are the pixels."""

    def missing(self):
        return None

    def forward(self, images):
        return dict(features=images.flatten(1).float())


def test_nearest_training_images_need_the_weights_of_their_extractor(tmp_path, caplog):
    hook = NearestGridHook(extractor=dict(type='InceptionFeatures', weights=str(tmp_path / 'none.pth')))
    runner = SimpleNamespace(model=None, work_dir=str(tmp_path), logger=logging.getLogger('nearest_missing'))
    with caplog.at_level('WARNING', 'nearest_missing'):
        hook.before_run(runner)
    assert 'nearest.png is left out. none.pth is not in' in caplog.text
    hook.after_run(runner)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match='num_samples=3 at least num_images'):
        NearestGridHook(num_samples=3)
