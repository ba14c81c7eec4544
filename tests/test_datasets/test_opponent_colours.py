"""OpponentColours by hand, and the classes of aligned samples: where they come from and who gets them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from mmgentransfer.datasets import AlignedDataset, AlignedModalities, DisjointSets, opponent_channels
from mmgentransfer.registry import DATASETS

OBJECTS = dict(
    type='ToyObjects', image_size=8, num_per_class=3, labelled='colour', colours=['red', 'blue'], shapes=['disc']
)


def build(**options):
    return DATASETS.build(dict(type='OpponentColours', dataset=OBJECTS | options))


def test_differences_are_those_of_the_channels():
    data = build()
    batch = data.__getitems__([5, 0])
    images = data.dataset.images[[5, 0]]
    assert (batch['theta1'].shape, batch['theta1'].dtype) == ((2, 1, 8, 8), torch.float32)
    expected = opponent_channels(images.permute(0, 2, 3, 1).numpy() / 255)
    for name in ('theta1', 'theta2'):
        np.testing.assert_allclose(batch[name][:, 0], expected[name], atol=1e-6)
        assert batch[name].min() < -0.05 or batch[name].max() > 0.05
    assert torch.equal(batch['theta3'], images)
    assert batch['labels'].tolist() == [1, 0]
    single = data[5]
    assert torch.equal(single['theta2'], batch['theta2'][0])
    assert single['labels'].item() == 1


def test_only_what_is_asked_for_is_loaded_and_training_sets_have_no_classes():
    data = build()
    assert list(data.load([0], ['theta2'])) == ['theta2']
    sets = DisjointSets(data, dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']))
    assert {name: list(part) for name, part in sets.__getitems__([0, 1]).items()} == dict(
        T12=['theta1', 'theta2'], T13=['theta1', 'theta3']
    )


def test_images_without_classes_or_colour():
    assert 'labels' not in build(labelled=None, num_per_class=None, num_images=2).__getitems__([0, 1])
    with pytest.raises(ValueError, match=r'has images of 1 channels; opponent colours need 3'):
        build(channels=1)


# ---------------------------------------------------------------------- classes of files


@pytest.fixture
def root(tmp_path):
    for split in ('train', 'test'):
        for name in ('rose/1', 'petunia/2', 'rose/3'):
            file = tmp_path / 'rgb' / split / f'{name}.png'
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', (4, 4)).save(file)
    return tmp_path


def files(root, **options):
    return AlignedModalities(
        **dict(data_root=root, image_size=4, modalities=dict(rgb=dict(type='ImageReader')), split='test') | options
    )


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_class_is_the_first_folder(root, cache):
    data = files(root, class_order=['rose', 'petunia', 'daisy'], cache=cache)
    assert data.samples.tolist() == ['petunia/2', 'rose/1', 'rose/3']
    batch = data.__getitems__([2, 0])
    assert (batch['labels'].tolist(), batch['labels'].dtype) == ([0, 1], torch.int64)
    assert data[1]['labels'].shape == ()
    assert 'labels' not in files(root)[0]


def test_class_of_a_file(root):
    (root / 'classes.txt').write_text('rose/1 red\nrose/3 white\npetunia/2 white\n')
    data = files(root, class_order=['white', 'red'], class_file='classes.txt')
    assert data.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(class_order=['rose']), r"lacks the class of 1 samples:\s*petunia/2: 'petunia'"),
        (dict(class_order=['rose', 'rose']), r'each only once'),
        (dict(class_order=[]), r'at least one class'),
        (dict(class_file='c.txt'), r"class_file='c.txt' needs dataset.class_order"),
        (dict(class_order=['rose'], class_file='c.txt'), r'class_file: there is no file'),
        (dict(class_order=['1', '2', '3'], data_root='flat'), r'the first folder\) gives 1 samples no class:\s*7'),
    ],
)
def test_classes_that_do_not_fit_are_refused(root, options, message):
    (root / 'flat/rgb/test').mkdir(parents=True)
    Image.new('RGB', (4, 4)).save(root / 'flat/rgb/test/7.png')
    if 'data_root' in options:
        options = options | dict(data_root=root / options['data_root'])
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        files(root, **options)


def test_a_modality_must_not_have_the_classes_name():
    AlignedDataset(['labels'], 1)
    with pytest.raises(ValueError, match='rename it'):
        AlignedDataset(['rgb', 'labels'], 1, labels=torch.zeros(1))
