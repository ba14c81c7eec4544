from __future__ import annotations

import numpy as np
import pytest

from mmgentransfer.datasets import nested_subset


def test_subsets_of_one_seed_are_nested_and_keep_the_order():
    previous: set[int] = set()
    for num in (1, 10, 55, 99, 100):
        subset = nested_subset(range(100), num, seed=3)
        assert len(subset) == num
        assert np.all(np.diff(subset) > 0)
        assert previous <= set(subset)
        previous = set(subset)


def test_skip_gives_the_complement():
    indices = np.arange(50, 90)
    train, rest = nested_subset(indices, 15, 1), nested_subset(indices, None, 1, skip=15)
    assert not set(train) & set(rest)
    assert sorted([*train, *rest]) == list(indices)
    assert set(nested_subset(indices, 5, 1, skip=15)) < set(rest)


def test_all_of_them_are_left_as_they_are():
    np.testing.assert_array_equal(nested_subset([4, 2, 9], None, 7), [4, 2, 9])
    np.testing.assert_array_equal(nested_subset([4, 2, 9], 3, 7), [4, 2, 9])


def test_same_seed_same_subset_other_seed_another():
    first = nested_subset(range(1000), 10, 0)
    np.testing.assert_array_equal(first, nested_subset(range(1000), 10, 0))
    assert set(first) != set(nested_subset(range(1000), 10, 1))
    # the frozen stream of RandomState(0): a change here changes every published subset
    np.testing.assert_array_equal(nested_subset(range(10), 4, 0), [2, 4, 8, 9])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'num': 0}, r'dataset\.num_images=0 is out of range: there are 5 images$'),
        ({'num': 6}, r'dataset\.num_images=6 is out of range: there are 5 images$'),
        ({'num': 4, 'skip': 2}, r'dataset\.num_images=4 .* there are 3 images after dataset\.skip=2 of 5$'),
        ({'num': None, 'skip': 5}, r'dataset\.skip=5 leaves nothing: it must lie in 0\.\.4, of 5 images'),
        ({'num': 1, 'skip': -1}, r'dataset\.skip=-1'),
        ({'num': 1, 'seed': -3}, r'dataset\.seed=-3 is not a seed'),
        ({'num': 9, 'key': 'dataset.num_per_class', 'what': 'cats'}, r'dataset\.num_per_class=9 .* 5 cats'),
    ],
)
def test_errors_name_key_value_and_what_is_there(arguments, message):
    with pytest.raises(ValueError, match=message):
        nested_subset(range(5), **arguments)
