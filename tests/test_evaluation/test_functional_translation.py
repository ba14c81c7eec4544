"""Formulas for segmentations, depth maps and latents, against numbers worked out by hand or by other packages."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix as reference_confusion
from sklearn.metrics import jaccard_score

from mmgentransfer.evaluation.functional import (
    alignment_factor,
    class_iou,
    confusion_counts,
    confusion_matrix,
    depth_errors,
    depth_sums,
    errors_from_sums,
    global_accuracy,
    miou,
)


class TestSegmentation:
    TARGET = np.array([1, 1, 1, 2, 2, 3, 0, 255])
    PRED = np.array([1, 1, 2, 2, 0, 2, 1, 3])

    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        target = rng.integers(0, 5, (8, 16, 16))
        pred = np.where(rng.random(target.shape) < 0.6, target, rng.integers(0, 5, target.shape))
        target[rng.random(target.shape) < 0.1] = 255
        return pred, target

    def test_by_hand_with_a_void_class(self):
        confusion = confusion_matrix(self.PRED, self.TARGET, num_classes=4)
        assert confusion.tolist() == [[0, 1, 0, 0], [0, 2, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]]
        iou = class_iou(confusion, void=0)
        assert math.isnan(iou[0])
        assert iou[1:].tolist() == pytest.approx([2 / 3, 1 / 4, 0])
        assert miou(confusion, void=0) == pytest.approx(0.305556, abs=1e-6)
        assert global_accuracy(confusion, void=0) == 0.5

    def test_by_hand_without_one(self):
        confusion = confusion_matrix(self.PRED, self.TARGET, num_classes=4)
        assert class_iou(confusion).tolist() == pytest.approx([0, 2 / 4, 1 / 4, 0])
        assert miou(confusion) == pytest.approx(0.1875)
        assert global_accuracy(confusion) == pytest.approx(3 / 7)
        assert confusion[0].any()  # scoring with a void class did not change the counts

    def test_agrees_with_scikit_learn(self):
        pred, target = self.labels()
        kept = target != 255
        confusion = confusion_matrix(pred, target, num_classes=5)
        assert confusion.dtype == np.int64
        assert np.array_equal(confusion, reference_confusion(target[kept], pred[kept]))
        assert class_iou(confusion).tolist() == pytest.approx(
            jaccard_score(target[kept], pred[kept], average=None).tolist()
        )

    def test_another_ignored_label(self):
        confusion = confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, -1]), num_classes=2, ignore_index=-1)
        assert confusion.tolist() == [[1, 0], [0, 1]]
        # a class itself
        confusion = confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), num_classes=2, ignore_index=0)
        assert confusion.tolist() == [[0, 0], [0, 1]]

    def test_small_integers_do_not_overflow(self):
        classes = np.full(1000, 200, dtype=np.uint8)
        assert confusion_matrix(classes, classes, num_classes=201)[200, 200] == 1000

    @pytest.mark.parametrize('size', [1, 3, 8])
    def test_counts_of_batches_add_up(self, size):
        pred, target = (torch.from_numpy(x) for x in self.labels())
        parts = zip(pred.split(size), target.split(size), strict=True)
        total = sum(confusion_counts(p, t, num_classes=5) for p, t in parts)
        assert np.array_equal(total.numpy(), confusion_matrix(*self.labels(), num_classes=5))

    def test_a_class_that_is_never_found_counts_and_one_that_never_occurs_does_not(self):
        confusion = confusion_matrix(np.array([0, 0]), np.array([0, 1]), num_classes=3)
        assert class_iou(confusion).tolist() == pytest.approx([0.5, 0, math.nan], nan_ok=True)
        assert miou(confusion) == 0.25

    def test_nothing_to_score(self):
        confusion = confusion_matrix(np.array([1]), np.array([0]), num_classes=2)
        assert math.isnan(global_accuracy(confusion, void=0))
        assert math.isnan(miou(np.zeros((2, 2))))

    def test_errors(self):
        for pred, target, message in (
            ([0, 2], [0, 1], 'pred must be classes of 0 to 1; got 0 to 2'),
            ([0, 1], [-1, 1], 'target must be classes of 0 to 1; got -1 to 1'),
            ([0.0, 1.0], [0, 1], 'pred must be integers'),
            ([0, 1], [0], 'one shape'),
        ):
            with pytest.raises(ValueError, match=message):
                confusion_matrix(np.array(pred), np.array(target), num_classes=2)
        for function in (class_iou, miou, global_accuracy):
            with pytest.raises(ValueError, match='square'):
                function(np.zeros((2, 3)))
            with pytest.raises(ValueError, match='void must be a class of 0 to 1'):
                function(np.zeros((2, 2)), void=2)


class TestDepth:
    PRED = np.array([1.0, 2.0, 3.0, 4.0])
    TARGET = np.array([1.0, 2.4, 4.5, 2.0])

    def test_by_hand(self):
        errors = depth_errors(self.PRED, self.TARGET)
        # ratios 1, 1.2, 1.5, 2 against 1.25, 1.5625, 1.953125
        assert [errors[f'delta{k}'] for k in (1, 2, 3)] == [0.5, 0.75, 0.75]
        assert errors['rmse'] == pytest.approx(1.265899, abs=1e-6)
        assert errors['rmse_log'] == pytest.approx(0.411733, abs=1e-6)

    @pytest.mark.parametrize('missing', [0.0, -1.0, math.nan])
    def test_missing_depths(self, missing):
        pred, target = np.append(self.PRED, 7.0), np.append(self.TARGET, missing)
        assert depth_errors(pred, target) == depth_errors(self.PRED, self.TARGET)

    def test_largest_depth(self):
        errors = depth_errors(self.PRED, self.TARGET, max_depth=2.4)
        assert errors['delta1'] == pytest.approx(2 / 3)
        assert errors['rmse'] == pytest.approx(math.sqrt((0.4**2 + 2**2) / 3))

    def test_smallest_prediction(self):
        errors = depth_errors(np.array([-5.0]), np.array([0.1]), min_depth=0.01)
        assert errors['rmse'] == pytest.approx(0.09)
        assert errors['rmse_log'] == pytest.approx(math.log(10))

    def test_the_threshold_itself_is_not_below(self):
        assert depth_errors(np.array([1.25]), np.array([1.0]))['delta1'] == 0

    def test_mean_over_images(self):
        pred = np.array([[1.0, 1.0, 1.0], [3.0, 5.0, 9.0], [1.0, 1.0, 1.0]])
        target = np.array([[1.0, 1.0, 4.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
        pixel, image = (depth_errors(pred, target, pool=pool) for pool in ('pixel', 'image'))
        assert pixel['delta1'] == pytest.approx(3 / 4)
        assert image['delta1'] == pytest.approx((2 / 3 + 1) / 2)
        assert pixel['rmse'] == pytest.approx(math.sqrt(9 / 4))
        assert image['rmse'] == pytest.approx(math.sqrt(9 / 3) / 2)
        assert image['rmse_log'] == pytest.approx(math.log(4) / math.sqrt(3) / 2)

    @pytest.mark.parametrize('pool', ['pixel', 'image'])
    @pytest.mark.parametrize('size', [1, 3, 8])
    def test_sums_of_batches_add_up(self, pool, size):
        rng = np.random.default_rng(0)
        pred, target = rng.uniform(-1, 5, (8, 1, 4, 4)), rng.uniform(-1, 5, (8, 1, 4, 4))
        parts = zip(torch.from_numpy(pred).split(size), torch.from_numpy(target).split(size), strict=True)
        total = sum(depth_sums(p, t, pool=pool, max_depth=4.0) for p, t in parts)
        expected = depth_errors(pred, target, pool=pool, max_depth=4.0)
        assert errors_from_sums(total.numpy(), pool) == pytest.approx(expected, rel=1e-12)

    def test_float32_maps_are_summed_in_float64(self):
        sums = depth_sums(torch.full((1, 1, 2, 2), 2.0), torch.ones(1, 1, 2, 2))
        assert sums.dtype == torch.float64
        assert sums.tolist() == pytest.approx([0, 0, 0, 4, 4 * math.log(2) ** 2, 4])

    @pytest.mark.parametrize('pool', ['pixel', 'image'])
    def test_nothing_to_score(self, pool):
        for shape in ((2, 3), (0, 3)):
            errors = depth_errors(np.ones(shape), np.zeros(shape), pool=pool)
            assert all(math.isnan(value) for value in errors.values())

    def test_errors(self):
        with pytest.raises(ValueError, match=r'one shape \(N, \.\.\.\); got \(2,\) and \(3,\)'):
            depth_errors(np.ones(2), np.ones(3))
        with pytest.raises(ValueError, match='min_depth must be positive'):
            depth_errors(self.PRED, self.TARGET, min_depth=0)
        with pytest.raises(ValueError, match='pool must be'):
            depth_errors(self.PRED, self.TARGET, pool='batch')


class TestAlignmentFactor:
    def test_by_hand(self):
        assert alignment_factor(np.array([1, 0, 1]), np.array([1, 1, 0])) == pytest.approx(0.5)
        a = np.array([[1.0, 0, 1], [2, 0, 0], [0, 0, 0]])
        b = np.array([[1.0, 1, 0], [3, 0, 0], [1, 0, 0]])
        assert alignment_factor(a, b) == pytest.approx((0.5 + 1 + 0) / 3)

    def test_maps_are_flattened_and_their_scale_does_not_count(self):
        a = np.random.default_rng(0).random((4, 3, 2, 2))
        assert alignment_factor(a, 7 * a) == pytest.approx(1)
        assert alignment_factor(a, -a) == pytest.approx(-1)
        assert alignment_factor(a, a[:, ::-1]) == alignment_factor(a.reshape(4, 12), a[:, ::-1].reshape(4, 12)) < 0.99

    def test_errors(self):
        with pytest.raises(ValueError, match='one shape'):
            alignment_factor(np.ones((2, 3)), np.ones((3, 3)))
        with pytest.raises(ValueError, match='N >= 1'):
            alignment_factor(np.ones((0, 3)), np.ones((0, 3)))
