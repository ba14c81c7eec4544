"""Images with examples of a domain."""

import numpy as np
import pytest
import torch

from mmgentransfer.datasets import ImageDataset, ReferenceImages
from mmgentransfer.datasets.domain_images import DomainImages


def numbered(sizes, classes=()):
    """A set whose image i is filled with the number i."""
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    images = torch.arange(len(labels), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2)
    return ImageDataset(images, labels, classes)


def test_references_are_two_images_of_their_class():
    source = numbered([2, 7, 20])
    data = ReferenceImages(source, rounds=50)
    assert len(data) == 50 * 29
    batch = data.__getitems__(range(len(data)))
    first, second = (batch[key][:, 0, 0, 0].long() for key in ('references', 'other_references'))
    assert torch.equal(source.labels[first], batch['reference_labels'])
    assert torch.equal(source.labels[second], batch['reference_labels'])
    assert (first != second).all()
    assert torch.equal(batch['images'][:, 0, 0, 0].long(), torch.arange(29).repeat(50))
    assert torch.equal(batch['labels'], source.labels.repeat(50))


def test_classes_are_equally_likely_and_every_image_is_a_reference():
    batch = ReferenceImages(numbered([2, 7, 20]), rounds=100).__getitems__(range(2900))
    shares = np.bincount(batch['reference_labels']) / 2900
    assert np.abs(shares - 1 / 3).max() < 0.04
    for key in ('references', 'other_references'):
        assert len(batch[key][:, 0, 0, 0].unique()) == 29


def test_images_of_balanced_classes_are_equally_likely_too():
    source = numbered([2, 7, 20])
    plain, data = (ReferenceImages(source, rounds=100, balanced=balanced) for balanced in (False, True))
    assert len(data) == len(plain) == 2900
    batch = data.__getitems__(range(2900))
    images = batch['images'][:, 0, 0, 0].long()
    assert torch.equal(source.labels[images], batch['labels'])
    assert np.abs(np.bincount(batch['labels']) / 2900 - 1 / 3).max() < 0.04
    assert len(images.unique()) == 29
    assert abs((batch['labels'] == batch['reference_labels']).float().mean() - 1 / 3) < 0.04
    assert torch.equal(batch['references'], plain.__getitems__(range(2900))['references'])


def test_references_follow_from_seed_and_place():
    source = numbered([5, 5])
    one, two, other = (ReferenceImages(source, seed=seed) for seed in (0, 0, 1))
    whole = one.__getitems__(range(40))
    assert torch.equal(whole['references'][[3, 17]], two.__getitems__([3, 17])['references'])
    assert torch.equal(two[17]['other_references'], whole['other_references'][17])
    assert not torch.equal(whole['references'], other.__getitems__(range(40))['references'])
    assert not torch.equal(whole['references'][:10], whole['references'][10:20])  # of the next round


def test_scores_see_each_image_once():
    source = numbered([2, 3], ('dog', 'cat'))
    data = DomainImages(ReferenceImages(source), ['cat', 'dog'], True)
    assert len(data) == 5
    assert torch.equal(data.own[:, 1].long(), 1 - source.labels)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"1 images of the class 'cat'"):
        ReferenceImages(numbered([3, 1], ('dog', 'cat')))
    with pytest.raises(ValueError, match='has no labels'):
        ReferenceImages(ImageDataset(torch.zeros(3, 1, 2, 2, dtype=torch.uint8)))
    with pytest.raises(ValueError, match='rounds=0'):
        ReferenceImages(numbered([3, 3]), rounds=0)
