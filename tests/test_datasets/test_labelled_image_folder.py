from __future__ import annotations

import pytest
import torch
from PIL import Image

from mmgentransfer.datasets import LabelledImageFolder
from mmgentransfer.registry import DATASETS

COUNTS = {'kitchen': 6, 'bedroom': 4, 'tower': 5}


@pytest.fixture
def folder(tmp_path):
    """Three classes with a split 'train' each; red tells the class by its letters, green numbers the image."""
    for name, count in COUNTS.items():
        for part, num in (('train', count), ('val', 2)):
            (tmp_path / name / part).mkdir(parents=True)
            for i in range(num):
                colour = (len(name), i, 100 if part == 'val' else 0)
                Image.new('RGB', (4, 4), colour).save(tmp_path / name / part / f'{i}.png')
    return tmp_path


def pixels(dataset) -> list[tuple[int, ...]]:
    return [tuple(image) for image in dataset.images[:, :, 0, 0].tolist()]


def test_alphabetical_labels(folder):
    config = {'type': 'LabelledImageFolder', 'data_root': str(folder), 'image_size': 4, 'split': 'train'}
    dataset = DATASETS.build(config)
    assert dataset.classes == ('bedroom', 'kitchen', 'tower')
    assert dataset.metainfo == {'classes': ('bedroom', 'kitchen', 'tower')}
    assert dataset.labels.dtype == torch.int64
    assert dataset.labels.tolist() == [0] * 4 + [1] * 6 + [2] * 5
    assert [p[0] for p in pixels(dataset)] == [7] * 10 + [5] * 5
    item = dataset[10]
    assert item['labels'].shape == ()
    assert int(item['labels']) == 2
    assert item['images'][0, 0, 0] == len('tower')


def test_class_order_sets_and_chooses_the_labels(folder):
    dataset = LabelledImageFolder(folder, 4, split='val', class_order=['tower', 'bedroom'])
    assert dataset.classes == ('tower', 'bedroom')
    assert dataset.labels.tolist() == [0, 0, 1, 1]
    assert pixels(dataset) == [(5, 0, 100), (5, 1, 100), (7, 0, 100), (7, 1, 100)]


def test_without_split_a_class_is_all_that_is_in_its_folder(folder):
    assert LabelledImageFolder(folder, 4).labels.bincount().tolist() == [6, 8, 7]


def test_num_per_class_is_exact_nested_and_disjoint_from_the_rest(folder):
    few, more = (LabelledImageFolder(folder, 4, split='train', num_per_class=n, seed=1) for n in (1, 3))
    assert few.labels.bincount().tolist() == [1, 1, 1]
    assert more.labels.bincount().tolist() == [3, 3, 3]
    assert few.images.shape == (3, 3, 4, 4)

    def identities(dataset):
        return {(label, p[1]) for label, p in zip(dataset.labels.tolist(), pixels(dataset), strict=True)}

    assert identities(few) < identities(more)
    rest = LabelledImageFolder(folder, 4, split='train', skip=3, seed=1)
    assert rest.labels.bincount().tolist() == [1, 3, 2]
    assert not identities(rest) & identities(more)


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_batches_are_stacked_items(folder, cache):
    dataset = LabelledImageFolder(folder, 4, split='train', cache=cache)
    batch = dataset.__getitems__([14, 0, 5])
    assert batch['labels'].tolist() == [2, 0, 1]
    for key in ('images', 'labels'):
        assert torch.equal(batch[key], torch.stack([dataset[i][key] for i in (14, 0, 5)]))


def test_errors(folder):
    with pytest.raises(ValueError, match=r"dataset\.class_order names 'kitchn'.* Did you mean 'kitchen'\?"):
        LabelledImageFolder(folder, 4, class_order=['kitchn'])
    with pytest.raises(ValueError, match=r"names 'zzzzzz'.* There are: bedroom, kitchen, tower\."):
        LabelledImageFolder(folder, 4, class_order=['zzzzzz'])
    with pytest.raises(ValueError, match=r'each only once'):
        LabelledImageFolder(folder, 4, class_order=['tower', 'tower'])
    with pytest.raises(ValueError, match=r'at least one class'):
        LabelledImageFolder(folder, 4, class_order=[])
    with pytest.raises(ValueError, match=r'dataset\.num_per_class=5 .* there are 4 images in .*bedroom/train'):
        LabelledImageFolder(folder, 4, split='train', num_per_class=5)
    with pytest.raises(FileNotFoundError, match=r"split='test': 3 of 3 classes .* no such folder\.\n  bedroom/test\n"):
        LabelledImageFolder(folder, 4, split='test')
    with pytest.raises(ValueError, match=r'has no folder in it: one folder a class is needed'):
        LabelledImageFolder(folder / 'tower' / 'train', 4)
    with pytest.raises(FileNotFoundError, match=r'dataset\.data_root'):
        LabelledImageFolder(folder / 'nowhere', 4)
    (folder / 'tower' / 'train' / '2.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'1 of 15 images .*\n  .*tower/train/2\.png: zero bytes'):
        LabelledImageFolder(folder, 4, split='train')
    (folder / 'attic').mkdir()
    with pytest.raises(ValueError, match=r'there is no image in .*attic'):
        LabelledImageFolder(folder, 4)


def test_split_above_the_classes_is_pointed_out(folder):
    with pytest.raises(FileNotFoundError, match=r'tower exists: .* name it as dataset\.data_root without a split'):
        LabelledImageFolder(folder, 4, split='tower')


def test_mixture_has_the_numbers_that_are_asked_for(folder):
    few, more = (
        LabelledImageFolder(folder, 4, split='train', mixture=mixture, seed=1)
        for mixture in ({'tower': 2, 'kitchen': 1}, {'tower': 3, 'kitchen': 5})
    )
    assert few.classes == ('tower', 'kitchen')
    assert few.labels.tolist() == [0, 0, 1]
    assert more.labels.bincount().tolist() == [3, 5]
    assert set(zip(few.labels.tolist(), pixels(few), strict=True)) < set(
        zip(more.labels.tolist(), pixels(more), strict=True)
    )
    rest = LabelledImageFolder(folder, 4, split='train', mixture={'tower': 2, 'kitchen': 3}, seed=1, skip=2)
    assert not set(pixels(rest)) & set(pixels(few))
    assert rest.labels.bincount().tolist() == [2, 3]


@pytest.mark.parametrize(
    ('shares', 'skip', 'counts'),
    [
        ((0.5, 0.5), 0, [4, 4]),  # 6 and 4 images: the bedrooms are the scarce ones
        ((0.75, 0.25), 0, [6, 2]),
        ((0.7, 0.3), 0, [6, 2]),  # 8.57 in all: 6 and 2.57
        ((0.3, 0.7), 0, [1, 4]),  # 5.71 in all: 1.71 and 4
        ((0.5, 0.5), 1, [3, 3]),
    ],
)
def test_mixture_of_shares_takes_all_that_the_proportion_allows(folder, shares, skip, counts):
    mixture = dict(zip(('kitchen', 'bedroom'), shares, strict=True))
    dataset = LabelledImageFolder(folder, 4, split='train', mixture=mixture, skip=skip)
    assert dataset.labels.bincount().tolist() == counts


def test_set_without_labels(folder):
    dataset = LabelledImageFolder(folder, 4, mixture={'tower': 1, 'kitchen': 2}, labelled=False)
    assert dataset.labels is None
    assert dataset.classes == ()
    assert set(dataset[0]) == {'images'}
    assert [p[0] for p in pixels(dataset)] == [5, 7, 7]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(mixture={'tower': 1}, num_per_class=1), 'leave out dataset.class_order and dataset.num_per_class'),
        (dict(mixture={'tower': 1}, class_order=['tower']), 'leave out dataset.class_order'),
        (dict(mixture={'towr': 1}), "dataset.mixture names 'towr'.* Did you mean 'tower'"),
        (dict(mixture={}), 'dataset.mixture=.* at least one class'),
        (dict(mixture={'tower': 6}, split='train'), 'dataset.mixture=6 .* there are 5 images in .*tower/train'),
        (dict(mixture={'tower': 0.5, 'kitchen': 0.6}), 'shares above 0 that sum to 1'),
        (dict(mixture={'tower': 1.0, 'kitchen': 0}), 'shares above 0 that sum to 1'),
    ],
)
def test_wrong_mixtures_are_refused(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelledImageFolder(folder, 4, **arguments)
