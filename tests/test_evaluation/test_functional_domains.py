"""The formulas of scores of translations between domains, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmgentransfer.evaluation.functional import (
    class_recalls,
    code_deviation,
    confidence_drop,
    consecutive_pairs,
    different_input_pairs,
    dilated,
    diversity_localization,
    identity_distance,
    independent_pairs,
    misclassification_rate,
    pixel_distances,
    within_input_pairs,
)


def test_ten_outputs_make_45_pairs():
    pairs = within_input_pairs(10)
    assert pairs.shape == (45, 2)
    assert len({tuple(sorted(pair)) for pair in pairs.tolist()}) == 45
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_pairs_of_neighbours_and_of_strangers():
    assert consecutive_pairs(20).shape == independent_pairs(38).shape == (19, 2)
    assert consecutive_pairs(3).tolist() == [[0, 1], [1, 2]]
    assert independent_pairs(5).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize('pairs', [within_input_pairs, consecutive_pairs, independent_pairs])
def test_one_output_makes_no_pair(pairs):
    with pytest.raises(ValueError, match='2 outputs of an input or more, got 1'):
        pairs(1)


def test_pairs_of_a_domain_are_of_different_inputs():
    pairs = different_input_pairs(7, 3, 2000, seed=1)
    assert pairs.shape == (2000, 2)
    inputs = pairs // 3
    assert (inputs[:, 0] != inputs[:, 1]).all()
    assert set(pairs.ravel().tolist()) == set(range(21))
    np.testing.assert_array_equal(pairs, different_input_pairs(7, 3, 2000, seed=1))
    assert (pairs != different_input_pairs(7, 3, 2000, seed=2)).any()
    with pytest.raises(ValueError, match='2 inputs or more, got 1'):
        different_input_pairs(1, 3, 5)


def test_mean_distance_of_three_constant_images():
    images = np.stack([np.full((1, 2, 2), value) for value in (0, 1, 3)])
    first, second = within_input_pairs(3).T
    assert pixel_distances(images[first], images[second]).tolist() == [1, 3, 2]  # mean 2


def test_identity_distance_by_hand():
    a, b = np.array([[3.0, 4.0]]), np.array([[4.0, 3.0]])
    assert identity_distance(a, a) == pytest.approx(0, abs=1e-12)
    assert identity_distance(a, b) == pytest.approx(0.04)
    assert identity_distance(np.array([[1.0, 0.0]]), np.array([[0.0, 5.0]])) == 1
    assert identity_distance(a, b, 'l2') == pytest.approx(0.282843, abs=1e-6)
    assert identity_distance(a, np.stack([a, b], axis=1)) == pytest.approx(0.02)  # two outputs of one input
    assert identity_distance(a, np.zeros((1, 2))) == 1  # no direction, no division by zero


@pytest.mark.parametrize(
    ('b', 'distance', 'message'),
    [(np.ones((2, 2)), 'cosine', r'got \(1, 2\)'), (np.ones((1, 2)), 'l1', "distance='l1' must be one of")],
)
def test_identity_distance_refuses(b, distance, message):
    with pytest.raises(ValueError, match=message):
        identity_distance(np.ones((1, 2)), b, distance)


def test_confidence_drop_and_misclassification_by_hand():
    before, after, labels = np.array([[2.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([0])
    assert confidence_drop(before, after, labels) == pytest.approx(0.611856, abs=1e-6)
    assert misclassification_rate(after, labels) == 1
    assert misclassification_rate(before, labels) == 0
    both = np.stack([before, after], axis=1)
    assert misclassification_rate(both, labels) == 0.5
    assert confidence_drop(before, both, labels) == pytest.approx(0.305928, abs=1e-6)
    assert confidence_drop(after, before, labels) < 0
    with pytest.raises(ValueError, match='among the 2 classes'):
        misclassification_rate(after, np.array([2]))
    with pytest.raises(ValueError, match=r'got \(1, 2\) and \(2,\)'):
        confidence_drop(before, after, np.array([0, 1]))


def test_recalls_by_hand():
    recalls = class_recalls(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), 3)
    np.testing.assert_array_equal(recalls, [0.5, 1, np.nan])


def test_deviation_over_codes_by_hand():
    outputs = np.array([0, 2], dtype=np.uint8).reshape(1, 2, 1, 1, 1)
    assert code_deviation(outputs) == pytest.approx(np.sqrt(2))  # of 0 and 2, divisor K - 1
    colours = np.concatenate([outputs, np.zeros_like(outputs)], axis=2)
    assert code_deviation(colours) == pytest.approx(np.sqrt(2) / 2)
    with pytest.raises(ValueError, match='2 outputs of an input or more'):
        code_deviation(outputs[:, :1])


def test_dilation():
    region = np.zeros((1, 1, 5, 5), bool)
    region[..., 1, 1] = True
    grown = np.zeros((5, 5), bool)
    grown[:3, :3] = True
    np.testing.assert_array_equal(dilated(region, 1)[0, 0], grown)
    np.testing.assert_array_equal(dilated(region, 0), region)
    assert dilated(region, 9).all()


def test_localization_by_hand():
    masks = np.zeros((1, 1, 4, 4), bool)
    masks[..., 0, 0] = True
    deviation = np.full((4, 4), 1.0)
    deviation[0, 0], deviation[:2, :2][[0, 1, 1], [1, 0, 1]] = 6.0, 3.0
    outputs = np.stack([np.zeros((4, 4)), deviation * np.sqrt(2)])[None, :, None]  # two codes: deviation * sqrt(2)
    scores = diversity_localization(outputs, masks, margin=1)
    wanted = dict(fg=6, bg=(3 * 3 + 12) / 15, far=1, fg_bg=6 / 1.4, fg_far=6)
    assert scores == pytest.approx(wanted)
    assert diversity_localization(outputs, masks) == pytest.approx(wanted)  # a fifth of 4 is 1
    only = np.where(masks[:, None], outputs, 0)
    assert diversity_localization(only, masks)['fg_bg'] == np.inf
