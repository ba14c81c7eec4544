"""Where objects are, before and after a translation."""

import numpy as np
import pytest

from mmgentransfer.evaluation.functional import (
    centroid_distances,
    fid_from_features,
    foreground_centroids,
    foreground_slants,
)
from mmgentransfer.evaluation.functional.kernel import _unbiased_mmd2
from mmgentransfer.evaluation.image_set import ImageSet
from mmgentransfer.evaluation.metrics import KID, CentroidError, SlantCorrelation
from mmgentransfer.evaluation.translations import Translations


def with_square(row, column, size=2, side=12, level=255, background=20):
    image = np.full((3, side, side), background, np.uint8)
    image[:, row : row + size, column : column + size] = level
    return image


def test_centroid_by_hand():
    images = np.stack([with_square(3, 6), with_square(5, 2, size=4, level=120)])
    np.testing.assert_allclose(foreground_centroids(images), [[3.5, 6.5], [6.5, 3.5]])


def test_weights_are_differences_beyond_the_threshold():
    image = with_square(3, 2, size=1, background=0)
    image[0, 3, 8] = 255  # one of three channels: a third of the difference
    strong, weak = 2 - 0.15, 2 / 3 - 0.15
    wanted = (2 * strong + 8 * weak) / (strong + weak)
    np.testing.assert_allclose(foreground_centroids(image[None]), [[3, wanted]])
    faint = with_square(3, 2, level=20 + 15)  # 15 levels of 127.5 are below the threshold
    np.testing.assert_allclose(foreground_centroids(faint[None]), [[5.5, 5.5]])


def test_the_border_is_its_median():
    image = with_square(0, 0, size=3)  # the object covers a part of the border
    np.testing.assert_allclose(foreground_centroids(image[None]), [[1, 1]])


def test_rows_and_columns_of_an_oblong_image():
    image = np.zeros((1, 1, 6, 10), np.uint8)
    image[0, 0, 2, 7] = 200
    np.testing.assert_allclose(foreground_centroids(image), [[2, 7]])


def test_distances_and_the_metric():
    inputs = np.stack([with_square(2, 2), with_square(5, 5)])
    outputs = np.stack([
        np.stack([with_square(2, 2, level=0), with_square(5, 6)]),
        np.stack([with_square(5, 7), with_square(5, 5)]),
    ])  # fmt: skip
    np.testing.assert_allclose(centroid_distances(inputs, outputs), [[0, 5], [2, 0]])
    translations = Translations(
        target='b', domains=['a', 'b'], inputs=inputs, outputs=outputs, sources=np.eye(2)[[0, 0]], reals=inputs
    )
    assert CentroidError().score(translations) == {'centroid_error': pytest.approx(7 / 4)}


def with_stroke(step, side=13):
    """A stroke of five pixels, each ``step`` columns to the right of the one above."""
    image = np.zeros((1, side, side), np.uint8)
    for row in range(-2, 3):
        image[0, side // 2 + row, side // 2 + step * row] = 255
    return image


def test_slant_by_hand():
    images = np.stack([with_stroke(step) for step in (-1, 0, 1, 2)] + [np.zeros((1, 13, 13), np.uint8)])
    np.testing.assert_allclose(foreground_slants(images), [-1, 0, 1, 2, 0], atol=1e-12)
    wide = np.zeros((1, 1, 9, 9), np.uint8)
    wide[..., 4, 2:7] = 255  # one row: no height to lean over
    np.testing.assert_array_equal(foreground_slants(wide), [0])
    moved = np.roll(images[3:4], (2, -1), (2, 3))
    np.testing.assert_allclose(foreground_slants(moved), [2], atol=1e-12)


def test_slant_correlation():
    def score(outputs):
        inputs = np.stack([with_stroke(step) for step in (-1, 0, 1)])
        outputs = np.stack([np.stack([with_stroke(step) for step in steps]) for steps in outputs])
        translations = Translations(
            target='b', domains=['a', 'b'], inputs=inputs, outputs=outputs, sources=np.eye(2)[[0] * 3], reals=inputs
        )
        return SlantCorrelation().score(translations)['slant_correlation']

    assert score([[-2], [0], [2]]) == pytest.approx(1)
    assert score([[1], [0], [-1]]) == pytest.approx(-1)
    assert score([[1], [1], [1]]) == 0  # all alike
    # two outputs of each input: x = -1, -1, 0, 0, 1, 1 and y = -1, 1, 0, 0, 1, 1, whose means are 0 and 1/3
    assert score([[-1, 1], [0, 0], [1, 1]]) == pytest.approx((2 / 6) / np.sqrt(4 / 6 * (4 / 6 - 1 / 9)))


def test_what_is_refused():
    with pytest.raises(ValueError, match='threshold=-1'):
        SlantCorrelation(threshold=-1)
    with pytest.raises(ValueError, match='threshold=2'):
        CentroidError(threshold=2)
    with pytest.raises(ValueError, match=r'\(3, 4, 4\)'):
        foreground_centroids(np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(ValueError, match='scale=0'):
        KID('x', scale=0)


def test_kid_in_the_unit_of_the_tables():
    # features and value of a published check: MMD^2 = -2.375, times 100
    real, fake = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    sets = ImageSet(features=real), ImageSet(features=fake)
    assert KID('x').compute(*sets) == {'kid_x': pytest.approx(-2.375)}
    assert KID('x', scale=100).compute(*sets) == {'kid_x100_x': pytest.approx(-237.5)}
    # sets of different sizes: 1 + 55 / 3 - 2 * 34 / 6
    assert _unbiased_mmd2(real, np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])) == pytest.approx(8.0)


def test_fid_of_four_points_each():
    few, far = [[0, 0], [2, 0], [0, 2], [2, 2]], [[1, 1], [5, 1], [1, 5], [5, 5]]
    assert fid_from_features(np.array(few, float), np.array(far, float)) == pytest.approx(32 / 3, abs=1e-6)
