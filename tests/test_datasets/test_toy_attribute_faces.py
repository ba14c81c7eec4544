from __future__ import annotations

import pytest
import torch

from mmgentransfer.datasets import ToyAttributeFaces
from mmgentransfer.datasets.embedded import toy_attribute_faces as module
from mmgentransfer.registry import DATASETS

NAMES = module.ATTRIBUTES


def test_items():
    dataset = DATASETS.build(dict(type='ToyAttributeFaces', num_images=5, image_size=16, with_masks=True))
    batch = dataset.__getitems__([0, 3])
    assert batch['images'].shape == (2, 3, 16, 16)
    assert batch['images'].dtype == torch.uint8
    assert batch['labels'].shape == (2, 5)
    assert batch['masks'].shape == (2, 5, 16, 16)
    assert 0 <= batch['masks'].min() < batch['masks'].max() <= 1
    assert dataset.classes == NAMES
    assert set(ToyAttributeFaces(2, 16, with_indices=True)[1]) == {'images', 'labels', 'indices'}


def test_attributes_are_independent_but_hair_has_one_colour():
    labels = ToyAttributeFaces(4000, 8).labels.float()
    assert (labels[:, 3] + labels[:, 4] == 1).all()
    assert (labels.mean(0) - 0.5).abs().max() < 0.04
    assert torch.corrcoef(labels[:, :4].T).fill_diagonal_(0).abs().max() < 0.08


def test_an_image_depends_on_its_number_alone(monkeypatch):
    whole = ToyAttributeFaces(9, 16, with_masks=True)
    monkeypatch.setattr(module, 'CHUNK_PIXELS', 16**2 * 2)
    few = ToyAttributeFaces(4, 16, skip=3, with_masks=True)
    for name in ('images', 'labels', 'masks'):
        assert torch.equal(getattr(few, name), getattr(whole, name)[3:7])
    for other in (dict(seed=1), dict(split='test')):
        assert not torch.equal(ToyAttributeFaces(9, 16, **other).images, whole.images)
    # the same faces in another size
    coarse = torch.nn.functional.avg_pool2d(ToyAttributeFaces(9, 64).images.float(), 4)
    assert (coarse - whole.images).abs().mean() < 6


def test_an_attribute_changes_its_region_and_nothing_else(monkeypatch):
    """The same face with an attribute set and unset differs inside the attribute's mask, and only there."""
    numbers = module.uniform_numbers

    def drawn(column, value):
        def fixed(*args):
            draws = numbers(*args)
            draws[:, column] = value
            return draws

        monkeypatch.setattr(module, 'uniform_numbers', fixed)
        return ToyAttributeFaces(6, 32, with_masks=True)

    for place, name in enumerate(('bangs', 'eyeglasses', 'smile', 'blond')):
        on, off = drawn(place, 0.1), drawn(place, 0.9)
        assert (on.labels[:, place] == 1).all()
        assert (off.labels[:, place] == 0).all()
        changed = (on.images.int() - off.images.int()).abs().amax(1) > 8
        mask = on.masks[:, place] > 0
        assert torch.equal(on.masks, off.masks)
        assert not (changed & ~mask).any(), name
        assert (changed & (on.masks[:, place] > 200)).sum() > 0.7 * (on.masks[:, place] > 200).sum(), name


def test_selected_sets_the_order_of_labels_and_masks():
    whole = ToyAttributeFaces(6, 16, with_masks=True)
    some = ToyAttributeFaces(6, 16, selected=['smile', 'bangs'], with_masks=True)
    assert torch.equal(some.labels, whole.labels[:, [2, 0]])
    assert torch.equal(some.masks, whole.masks[:, [2, 0]])
    assert torch.equal(some.images, whole.images)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(selected=['smiles']), "'smiles'.*Did you mean 'smile'"),
        (dict(selected=[]), 'at least one'),
        (dict(image_size=4), 'image_size=4'),
        (dict(num_images=0), 'num_images=0'),
        (dict(split='val'), "split='val'"),
        (dict(seed=-1), 'seed=-1'),
    ],
)
def test_errors(options, words):
    with pytest.raises(ValueError, match=words):
        ToyAttributeFaces(**{'num_images': 2, 'image_size': 16, **options})
