"""Domains of images without pairs."""

import cv2
import numpy as np
import pytest
import torch

from mmgentransfer.datasets import ImageDataset, ToyObjects, UnpairedDomains


def toys(num=6):
    return ToyObjects(
        image_size=16, num_per_class=num, labelled='colour', colours=['blue', 'red'], shapes=['disc'], size=(0.5, 0.6)
    )


def numbered(first, num):
    """Images of which each holds its number alone."""
    return ImageDataset(torch.arange(first, first + num, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 4, 4))


def test_classes_become_domains():
    data = toys()
    domains = UnpairedDomains(dataset=data)
    assert domains.modalities == ['blue', 'red']
    assert len(domains) == 6
    assert torch.equal(domains.domain('red'), data.images[data.labels == 1])
    batch = domains.__getitems__(list(range(6)))
    assert sorted(batch) == ['blue', 'red']
    for label, name in enumerate(['blue', 'red']):
        held = {image.numpy().tobytes() for image in data.images[data.labels == label]}
        assert {image.numpy().tobytes() for image in batch[name]} == held


def test_domains_are_shuffled_apart_and_the_shorter_starts_again():
    domains = UnpairedDomains(domains=dict(a=numbered(0, 20), b=numbered(100, 20), c=numbered(200, 5)))
    assert len(domains) == 20
    batch = {name: part[:, 0, 0, 0].tolist() for name, part in domains.__getitems__(list(range(20))).items()}
    assert sorted(batch['a']) == list(range(20))
    assert [value - 100 for value in batch['b']] != batch['a']
    assert batch['c'] == batch['c'][:5] * 4
    assert sorted(batch['c'][:5]) == list(range(200, 205))
    assert int(domains[3]['b'][0, 0, 0]) == batch['b'][3]


def test_an_image_meets_others_in_each_round():
    parts = dict(a=numbered(0, 6), b=numbered(100, 6), c=numbered(200, 3))
    domains = UnpairedDomains(domains=parts, rounds=4)
    assert len(domains) == 24
    batch = {name: part[:, 0, 0, 0].view(4, 6).tolist() for name, part in domains.__getitems__(range(24)).items()}
    assert all(sorted(row) == list(range(6)) for row in batch['a'])
    assert all(sorted(row) == sorted([200, 201, 202] * 2) for row in batch['c'])
    companions = [set(zip(a, b, strict=True)) for a, b in zip(batch['a'], batch['b'], strict=True)]
    assert len(set.union(*companions)) > 12
    first = UnpairedDomains(domains=parts).__getitems__(range(6))
    assert first['b'][:, 0, 0, 0].tolist() == batch['b'][0]  # more rounds leave the first as it is


def test_order_follows_from_the_seed():
    def order(seed):
        return UnpairedDomains(dict(a=numbered(0, 20), b=numbered(100, 20)), seed=seed).__getitems__(range(20))['a']

    assert torch.equal(order(0), order(0))
    assert not torch.equal(order(0), order(1))


def test_folders(tmp_path):
    for name, grey in (('photo', 50), ('monet', 200)):
        (tmp_path / name).mkdir()
        for index in range(3):
            cv2.imwrite(str(tmp_path / name / f'{index}.png'), np.full((8, 8, 3), grey, np.uint8))
    folders = {
        name: dict(type='ImageFolder', data_root=str(tmp_path / name), image_size=8) for name in ('photo', 'monet')
    }
    batch = UnpairedDomains(domains=folders).__getitems__([0, 1])
    assert batch['photo'].shape == (2, 3, 8, 8)
    assert batch['photo'].unique().tolist() == [50]
    assert batch['monet'].unique().tolist() == [200]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(), 'set one'),
        (dict(domains=dict(a=numbered(0, 2)), dataset=numbered(0, 2)), 'set one'),
        (dict(domains=dict(a=numbered(0, 2))), 'two or more'),
        (dict(dataset=numbered(0, 2)), 'has no labels'),
        (dict(domains=dict(a=numbered(0, 2), b=numbered(0, 2)), rounds=0), 'rounds=0'),
        (dict(domains=dict(a=numbered(0, 2), b=ImageDataset(torch.zeros(2, 3, 8, 8)))), 'different sizes'),
        (
            dict(dataset=ImageDataset(torch.zeros(2, 1, 4, 4), torch.zeros(2, dtype=torch.int64), ['a', 'b'])),
            "'b'. have no images",
        ),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        UnpairedDomains(**arguments)
