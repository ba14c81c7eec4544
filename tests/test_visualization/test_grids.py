"""Grids and strips of images."""

from __future__ import annotations

import numpy as np
import pytest

from mmgentransfer.visualization.grids import (
    log_spaced,
    make_grid,
    read_grid,
    save_image,
    split_grid,
    stack_strips,
)


@pytest.mark.parametrize(
    ('max_iters', 'num', 'expected'),
    [
        (4000, 10, [0, 2, 5, 15, 39, 99, 251, 632, 1591, 4000]),
        (1000, 8, [0, 2, 6, 18, 51, 138, 372, 1000]),
        (100, 6, [0, 2, 5, 15, 39, 100]),
        (3, 10, [0, 1, 2, 3]),
        (1, 2, [0, 1]),
    ],
)
def test_log_spacing(max_iters, num, expected):
    assert log_spaced(max_iters, num) == expected


@pytest.mark.parametrize(('max_iters', 'num'), [(0, 3), (10, 1)])
def test_log_spacing_needs_two_ends(max_iters, num):
    with pytest.raises(ValueError, match='max_iters >= 1 and num >= 2'):
        log_spaced(max_iters, num)


def test_grid_by_hand():
    images = np.array([[[[1]]], [[[2]]], [[[3]]]], np.uint8)
    grid = make_grid(images, columns=2, padding=1)
    expected = np.array(
        [
            [255, 255, 255, 255, 255],
            [255, 1, 255, 2, 255],
            [255, 255, 255, 255, 255],
            [255, 3, 255, 255, 255],
            [255, 255, 255, 255, 255],
        ]
    )
    assert grid.dtype == np.uint8
    np.testing.assert_array_equal(grid, np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize('columns', [1, 3, 7])
@pytest.mark.parametrize('padding', [0, 2])
def test_split_is_the_inverse(columns, padding):
    images = np.random.default_rng(0).integers(0, 256, (7, 5, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(split_grid(make_grid(images, columns, padding), 5, 7, padding), images)


def test_file_keeps_colours(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    save_image(tmp_path / 'a.png', image)
    np.testing.assert_array_equal(read_grid(tmp_path / 'a.png'), image)
    from PIL import Image

    np.testing.assert_array_equal(np.array(Image.open(tmp_path / 'a.png')), image)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no readable image .*a\.png'):
        read_grid(tmp_path / 'a.png')


def test_strips_under_each_other():
    wide, narrow = np.full((10, 40, 3), 10, np.uint8), np.full((6, 30, 3), 20, np.uint8)
    stacked = stack_strips([wide, narrow], ['one', 'two'])
    assert stacked.shape == (22 + 10 + 22 + 6, 40, 3)
    np.testing.assert_array_equal(stacked[22:32], wide)
    np.testing.assert_array_equal(stacked[54:, :30], narrow)
    assert (stacked[54:, 30:] == 255).all()
    assert (stacked[:22] < 128).any(), 'the label'
    with pytest.raises(ValueError, match='2 strips need as many labels, got 1'):
        stack_strips([wide, narrow], ['one'])
