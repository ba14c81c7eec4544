"""Where objects are, before and after a translation."""

import numpy as np
import pytest

from mmgentransfer.evaluation.functional import centroid_distances, fid_from_features, foreground_centroids
from mmgentransfer.evaluation.functional.kernel import _unbiased_mmd2
from mmgentransfer.evaluation.image_set import ImageSet
from mmgentransfer.evaluation.metrics import KID, CentroidError
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


def test_what_is_refused():
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
