"""The formulas, against numbers worked out by hand or by an independent route."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg

from mmgentransfer.evaluation.functional import (
    classifier_error,
    feature_statistics,
    fid_from_features,
    frechet_distance,
    kid_from_features,
    kmmd,
    mean_variance,
    nearest_distances,
    nearest_rows,
)


class TestFrechetDistance:
    def test_diagonal_covariances(self):
        value = frechet_distance(np.array([0.0, 0.0]), np.diag([1.0, 4.0]), np.array([1.0, 2.0]), np.diag([9.0, 16.0]))
        # 1 + 4 for the means, (1 - 3)^2 + (2 - 4)^2 for the deviations
        assert value == pytest.approx(13.0, abs=1e-9)

    def test_covariances_that_do_not_commute(self):
        value = frechet_distance(np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]]), np.zeros(2), np.diag([1.0, 3.0]))
        assert value == pytest.approx(8 - 2 * math.sqrt(14), abs=1e-9)

    def test_means_only(self):
        sigma = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 0.5]])
        assert frechet_distance(np.zeros(3), sigma, np.array([1.0, 2.0, 2.0]), sigma) == pytest.approx(9.0, abs=1e-9)

    def test_scales_only(self):
        assert frechet_distance(np.zeros(3), np.eye(3), np.zeros(3), 4 * np.eye(3)) == pytest.approx(3.0, abs=1e-9)

    def test_singular_covariances_of_one_set_with_itself(self):
        features = np.random.default_rng(0).normal(size=(5, 20))
        assert 0.0 <= fid_from_features(features, features) <= 1e-5

    def test_one_dimension_and_zero_variance(self):
        # A point at 0 and a Gaussian N(3, 4): 3^2 + (0 - 2)^2.
        assert frechet_distance(np.zeros(1), np.zeros((1, 1)), np.array([3.0]), np.array([[4.0]])) == 13.0

    def test_agrees_with_the_root_of_the_product(self):
        rng = np.random.default_rng(1)
        mix = rng.normal(size=(32, 32))
        a, b = rng.normal(size=(200, 32)) @ mix, rng.normal(0.3, 1.5, size=(150, 32))
        mu1, s1, mu2, s2 = a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False)
        root = scipy.linalg.sqrtm(s1 @ s2)
        expected = ((mu1 - mu2) ** 2).sum() + np.trace(s1 + s2 - 2 * root.real)
        assert fid_from_features(a, b) == pytest.approx(expected, rel=1e-6)
        assert fid_from_features(b, a) == pytest.approx(expected, rel=1e-6)

    def test_agrees_with_pytorch_fid(self, monkeypatch):
        from pytorch_fid import fid_score

        def sqrtm(matrix, disp=True):
            # pytorch-fid passes disp, which newer releases of SciPy do not take.
            root = scipy.linalg.sqrtm(matrix)
            return root if disp else (root, None)

        monkeypatch.setattr(fid_score, 'linalg', SimpleNamespace(sqrtm=sqrtm))
        rng = np.random.default_rng(2)
        a = rng.normal(size=(300, 64)).astype(np.float32)
        b = (rng.gamma(2.0, size=(250, 64)) - 1.5).astype(np.float32)
        expected = fid_score.calculate_frechet_distance(
            a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False)
        )
        assert fid_from_features(a, b) == pytest.approx(expected, rel=1e-3)

    def test_statistics_of_more_rows_than_a_chunk(self):
        features = np.random.default_rng(3).normal(5.0, 2.0, size=(10_000, 3)).astype(np.float32)
        mu, sigma = feature_statistics(features)
        assert mu.dtype == sigma.dtype == np.float64
        np.testing.assert_allclose(mu, features.astype(np.float64).mean(0), rtol=1e-12)
        np.testing.assert_allclose(sigma, np.cov(features.astype(np.float64), rowvar=False), rtol=1e-9)

    def test_divisor_is_n_minus_1(self):
        _, sigma = feature_statistics(np.array([[0.0], [2.0]]))
        assert sigma.item() == 2.0

    def test_errors(self):
        with pytest.raises(ValueError, match=r'N >= 2.*\(1, 3\)'):
            fid_from_features(np.zeros((1, 3)), np.zeros((4, 3)))
        with pytest.raises(ValueError, match=r'\(3,\).*\(2,\)'):
            frechet_distance(np.zeros(3), np.eye(3), np.zeros(2), np.eye(2))
        with pytest.raises(ValueError, match='not finite'):
            frechet_distance(np.zeros(2), np.full((2, 2), np.nan), np.zeros(2), np.eye(2))


def slow_mmd2(x, y, unbiased_kernel):
    """Unbiased squared MMD, term by term."""
    m, n = len(x), len(y)
    xx = sum(unbiased_kernel(x[i], x[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    yy = sum(unbiased_kernel(y[i], y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    xy = sum(unbiased_kernel(p, q) for p in x for q in y) / (m * n)
    return xx + yy - 2 * xy


class TestKID:
    def test_by_hand(self):
        # D = 1, kernel (xy + 1)^3. x = {0, 1}: k(0,1) = 1. y = {1, 2}: k(1,2) = 27. Cross: 1, 1, 8, 27.
        value = kid_from_features(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
        assert value == pytest.approx(1 + 27 - 2 * 37 / 4)

    def test_whole_sets_against_the_sum_of_terms(self):
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(9, 5)), rng.normal(0.5, size=(9, 5))
        assert kid_from_features(x, y) == pytest.approx(slow_mmd2(x, y, lambda p, q: (p @ q / 5 + 1) ** 3))

    def test_subsets_shrink_and_average_to_the_whole(self):
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(40, 4)), rng.normal(0.6, size=(10, 4))
        whole = slow_mmd2(x, y, lambda p, q: (p @ q / 4 + 1) ** 3)
        # Subsets of 10 of x are unbiased for the whole of x; y is always used whole.
        assert kid_from_features(x, y, subsets=4000) == pytest.approx(whole, rel=0.03)

    def test_seed(self):
        rng = np.random.default_rng(2)
        x, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 4))
        first = kid_from_features(x, y, subsets=3, subset_size=10, seed=5)
        assert first == kid_from_features(x, y, subsets=3, subset_size=10, seed=5)
        assert first != kid_from_features(x, y, subsets=3, subset_size=10, seed=6)

    def test_errors(self):
        with pytest.raises(ValueError, match='sets of 1 and 5 rows'):
            kid_from_features(np.zeros((1, 2)), np.zeros((5, 2)))
        with pytest.raises(ValueError, match=r'\(5, 2\) and \(5, 3\)'):
            kid_from_features(np.zeros((5, 2)), np.zeros((5, 3)))


class TestKMMD:
    real = np.array([[0.0, 0.0], [2.0, 0.0]])
    fake = np.array([[0.0, 0.0], [0.0, 2.0]])

    def test_bandwidth_of_the_real_images(self):
        assert kmmd(self.real, self.fake) == pytest.approx(0.657520, abs=1e-6)

    def test_fixed_bandwidth(self):
        assert kmmd(self.real, self.fake, sigma=1.0) == pytest.approx(0.700601, abs=1e-6)

    def test_without_the_root(self):
        # M_XX and M_YY hold 0 and 4, M_XY 0, 4, 4, 8; with sigma = 1 the kernel is exp(-M / 2).
        e2, e4 = math.exp(-2), math.exp(-4)
        expected = 2 * (2 + 2 * e2) / 4 - 2 * (1 + 2 * e2 + e4) / 4
        assert kmmd(self.real, self.fake, sigma=1.0, sqrt=False) == pytest.approx(expected, abs=1e-9)

    def test_sigma_is_a_width_and_not_its_square(self):
        # One-dimensional: M_XX and M_YY hold 0 and 16, M_XY 0, 16, 16, 64; with sigma = 2 the kernel is exp(-M / 8).
        real, fake = np.array([[0.0], [4.0]]), np.array([[0.0], [-4.0]])
        e2, e8 = math.exp(-2), math.exp(-8)
        expected = math.sqrt(2 * (2 + 2 * e2) / 4 - 2 * (1 + 2 * e2 + e8) / 4)
        assert kmmd(real, fake, sigma=2.0) == pytest.approx(expected, abs=1e-9)

    def test_scale_and_shift_of_the_features_do_not_matter(self):
        expected = kmmd(self.real, self.fake)
        assert kmmd(1000 * self.real + 1e4, 1000 * self.fake + 1e4) == pytest.approx(expected, abs=1e-7)

    def test_of_a_set_with_itself_is_0(self):
        features = np.random.default_rng(0).normal(size=(50, 30))
        assert kmmd(features, features) == pytest.approx(0.0, abs=1e-6)

    @pytest.mark.parametrize('real', [[[1.0, 0.1]], [[1.0, 0.1]] * 5])
    def test_needs_two_distinct_reals(self, real):
        with pytest.raises(ValueError, match='two distinct real images'):
            kmmd(np.array(real), self.fake)

    def test_errors(self):
        with pytest.raises(ValueError, match='positive or None; got 0'):
            kmmd(self.real, self.fake, sigma=0.0)
        with pytest.raises(ValueError, match='at least one generated'):
            kmmd(self.real, np.zeros((0, 2)))


class TestPixels:
    def test_mean_variance(self):
        images = np.array([[[0, 1], [0, 0]], [[1, 1], [0, 0]], [[0, 1], [1, 0]], [[1, 1], [1, 0]]])
        assert mean_variance(images) == 0.125

    def test_mean_variance_of_more_images_than_a_chunk(self):
        images = np.random.default_rng(0).integers(0, 256, size=(2500, 1, 3, 3), dtype=np.uint8)
        expected = images.astype(np.float64).var(axis=0).mean()
        assert mean_variance(images) == pytest.approx(expected, rel=1e-12)

    def test_mean_variance_of_nothing(self):
        with pytest.raises(ValueError, match='at least one image'):
            mean_variance(np.zeros((0, 1, 2, 2)))

    def test_nearest_distances(self):
        a = np.array([[0.0, 0.0], [10.0, 0.0], [3.0, 4.0]])
        b = np.array([[3.0, 4.0], [9.0, 0.0]])
        np.testing.assert_allclose(nearest_distances(a, b), [5.0, 1.0, 0.0], atol=1e-7)

    def test_nearest_rows_of_equally_near_ones_are_the_first(self):
        a, b = np.array([[0.0], [5.0], [2.0]]), np.array([[1.0], [3.0], [6.0], [4.0]])
        distances, indices = nearest_rows(a, b)
        assert distances.tolist() == [1.0, 1.0, 1.0]
        assert indices.tolist() == [0, 2, 0]

    def test_nearest_rows_over_several_chunks(self):
        rng = np.random.default_rng(3)
        a, b = rng.integers(0, 256, (1100, 3), dtype=np.uint8), rng.integers(0, 256, (2100, 3), dtype=np.uint8)
        distances, indices = nearest_rows(a, b)
        brute = np.linalg.norm(a[:, None].astype(float) - b[None], axis=2)
        np.testing.assert_allclose(distances, brute.min(1), atol=1e-7)
        np.testing.assert_array_equal(indices, brute.argmin(1))
        assert indices.max() >= 2048

    def test_nearest_distances_over_several_chunks(self):
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(1500, 2, 2)), rng.normal(size=(2100, 2, 2))
        expected = np.sqrt(((a[:, None] - b[None]) ** 2).sum((2, 3)).min(1))
        np.testing.assert_allclose(nearest_distances(a, b), expected, atol=1e-6)

    def test_a_copy_of_an_8_bit_image_has_distance_0(self):
        images = np.random.default_rng(2).integers(0, 256, size=(20, 3, 8, 8), dtype=np.uint8)
        assert (nearest_distances(images[::2], images) == 0).all()
        assert (nearest_distances(images[::2], images[1::2]) > 0).all()

    def test_nearest_distances_errors(self):
        with pytest.raises(ValueError, match='M >= 1'):
            nearest_distances(np.zeros((3, 2)), np.zeros((0, 2)))
        with pytest.raises(ValueError, match=r'\(3, 2\) and \(3, 4\)'):
            nearest_distances(np.zeros((3, 2)), np.zeros((3, 4)))


class TestClassifierError:
    def test_one_target(self):
        assert classifier_error(np.array([3, 3, 5, 3]), 3) == 25.0

    def test_a_target_for_each(self):
        assert classifier_error(np.array([0, 1, 2, 3]), np.array([0, 2, 2, 1])) == 50.0

    def test_errors(self):
        with pytest.raises(ValueError, match=r'\(0,\)'):
            classifier_error(np.array([], dtype=int), 3)
        with pytest.raises(ValueError, match=r'\(2,\) and \(3,\)'):
            classifier_error(np.array([1, 2]), np.array([1, 2, 3]))
