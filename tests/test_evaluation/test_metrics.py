"""Metrics on small sets: names, units, the formulas they call, and what they refuse."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from mmgentransfer.evaluation import (
    FID,
    KID,
    KMMD,
    ClassifierError,
    ClassShares,
    GenerationEvaluator,
    ImageSet,
    IndependentWasserstein,
    MeanVariance,
    NearestTrainingImage,
    SelectorDistribution,
    SubsetFIDLowerBound,
)
from mmgentransfer.evaluation.functional import kid_from_features, kmmd
from mmgentransfer.models.selectors import FixedSelector


def images(*values, size=2):
    """One grey image of each value."""
    return np.stack([np.full((1, size, size), v, dtype=np.uint8) for v in values])


class TestFeatureDistances:
    real = ImageSet(features=np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]], dtype=np.float32))

    def test_fid_of_a_shifted_set(self):
        fake = ImageSet(features=self.real.features + np.array([1.0, 2.0], dtype=np.float32))
        result = FID('digits').compute(self.real, fake)
        assert list(result) == ['fid_digits']
        assert result['fid_digits'] == pytest.approx(5.0, abs=1e-6)

    def test_lower_bound_is_of_the_training_images(self, monkeypatch):
        train = ImageSet(features=self.real.features + np.array([3.0, 0.0], dtype=np.float32))
        fake = ImageSet(features=self.real.features + 100)
        metric = SubsetFIDLowerBound('digits')
        assert metric.needs_train
        assert metric.compute(self.real, fake, train) == {'fid_lower_bound_digits': pytest.approx(9.0, abs=1e-6)}
        with monkeypatch.context() as patch:  # the same sets are not compared again
            patch.setattr('mmgentransfer.evaluation.metrics.feature_distances.frechet_distance', None)
            assert metric.compute(self.real, fake, train)['fid_lower_bound_digits'] == pytest.approx(9.0, abs=1e-6)
        assert metric.compute(self.real, fake, self.real)['fid_lower_bound_digits'] == pytest.approx(0.0, abs=1e-6)

    def test_statistics_are_computed_once(self):
        fake = ImageSet(features=self.real.features)
        assert fake.statistics is fake.statistics

    def test_kid(self):
        fake = ImageSet(features=self.real.features[:3] + 1)
        result = KID('digits', subsets=7, subset_size=2, seed=3).compute(self.real, fake)
        assert result == {'kid_digits': kid_from_features(self.real.features, fake.features, 7, 2, 3)}

    def test_kmmd_takes_equally_many_of_both(self):
        fake = ImageSet(features=np.array([[0, 0], [0, 2], [9, 9], [9, 9]], dtype=np.float32))
        first = ImageSet(features=self.real.features[:2])  # all of the real images, and the first of the generated
        result = KMMD('digits', max_images=2).compute(first, fake)
        assert result == {'kmmd_digits': pytest.approx(0.657520, abs=1e-6)}
        few = ImageSet(features=fake.features[:3])
        trios = itertools.combinations(self.real.features, 3)
        expected = [pytest.approx(kmmd(np.stack(trio), few.features, 1.5)) for trio in trios]
        assert KMMD('digits', sigma=1.5).compute(self.real, few)['kmmd_digits'] in expected

    def test_kmmd_without_the_root_has_another_name(self):
        real, fake = ImageSet(features=self.real.features[:2]), ImageSet(features=self.real.features[2:4])
        root = KMMD('digits', sigma=1.0).compute(real, fake)['kmmd_digits']
        squared = KMMD('digits', sigma=1.0, sqrt=False).compute(real, fake)
        assert squared == {'kmmd_squared_digits': pytest.approx(root**2)}

    def test_kmmd_of_real_images_in_order(self):
        # 600 real images of two kinds, one after the other, against 100 of which every other is of the second
        noise = np.random.default_rng(5).normal(0, 0.1, (700, 2)).astype(np.float32)
        real = ImageSet(features=noise[:600] + np.float32(np.arange(600) >= 300)[:, None])
        fake = ImageSet(features=noise[600:] + np.float32(np.arange(100) % 2)[:, None])
        score = KMMD('digits', sigma=0.5).compute(real, fake)['kmmd_digits']
        # 100 real images of the first kind alone would give about half of the distance between the kinds
        one_kind = kmmd(real.features[:100], fake.features, 0.5)
        assert score < 0.15 < 0.4 < one_kind
        assert KMMD('digits', sigma=0.5).compute(real, fake)['kmmd_digits'] == score

    def test_kmmd_names_itself_when_reals_are_alike(self):
        alike = ImageSet(features=np.ones((3, 2), dtype=np.float32))
        with pytest.raises(ValueError, match='kmmd_digits: KMMD needs at least two distinct real images'):
            KMMD('digits').compute(alike, self.real)

    def test_settings(self):
        with pytest.raises(ValueError, match='subset_size >= 2; got 100 and 1'):
            KID('digits', subset_size=1)
        with pytest.raises(ValueError, match='max_images >= 2; got 1'):
            KMMD('digits', max_images=1)


class TestClassShares:
    fake = ImageSet(logits=np.eye(3)[[0, 2, 2, 0]])

    def test_is_the_histogram_of_the_decisions(self):
        assert ClassShares('digits').compute(ImageSet(), self.fake) == {
            'share_0_digits': 50.0,
            'share_1_digits': 0.0,
            'share_2_digits': 50.0,
        }

    def test_reports_the_listed_classes_alone(self):
        assert ClassShares('digits', classes=[2, 1]).compute(ImageSet(), self.fake) == {
            'share_2_digits': 50.0,
            'share_1_digits': 0.0,
        }

    def test_says_what_is_wrong(self):
        with pytest.raises(ValueError, match=r'classes has \[3\].*0 to 2'):
            ClassShares('digits', classes=[0, 3]).compute(ImageSet(), self.fake)
        with pytest.raises(ValueError, match='ClassShares needs an extractor that gives logits'):
            ClassShares('inception').compute(ImageSet(), ImageSet(features=np.zeros((2, 3))))


class TestClassifierError:
    fake = ImageSet(logits=np.eye(4, dtype=np.float32)[[3, 3, 1, 3]])

    def test_percentages(self):
        result = ClassifierError('digits', target=3).compute(ImageSet(), self.fake)
        assert result == {'classifier_error_digits': 25.0, 'class_share_digits': 75.0}

    def test_errors(self):
        with pytest.raises(ValueError, match="'inception' gives features only"):
            ClassifierError('inception', target=3).compute(ImageSet(), ImageSet(features=np.zeros((2, 3))))
        with pytest.raises(ValueError, match="target is 4; the classes of 'digits' are 0 to 3"):
            ClassifierError('digits', target=4).compute(ImageSet(), self.fake)


class TestDiversity:
    def test_mean_variance_in_unit_range(self):
        real, fake = ImageSet(images(0, 255)), ImageSet(images(0, 0, 0, 255))
        # Variances 1/4 and 3/16 at every pixel.
        assert MeanVariance().compute(real, fake) == {'mv': pytest.approx(0.1875), 'mv_ratio': pytest.approx(0.75)}

    def test_mean_variance_of_one_real_image_has_no_ratio(self):
        result = MeanVariance().compute(ImageSet(images(7)), ImageSet(images(0, 255)))
        assert result['mv'] == 0.25
        assert math.isnan(result['mv_ratio'])

    def test_nearest_training_image(self):
        train = ImageSet(images(0, 100))
        fake = ImageSet(images(10, 90, 0, 120))  # 10, 10, 0, 20 away at each of 4 pixels
        real = ImageSet(images(140, 100, 60))  # 40 and 40 away; 100 is a training image and does not count
        result = NearestTrainingImage().compute(real, fake, train)
        assert result == {'nn_distance': pytest.approx(2 * 10 / 255), 'nn_ratio': pytest.approx(0.25)}

    def test_nearest_training_image_by_features(self):
        train, fake, real = (
            ImageSet(features=np.array(rows, np.float32))
            for rows in ([[0, 0], [10, 0]], [[3, 4], [10, 1]], [[0, 6], [10, 1e-5]])
        )  # fakes are 5 and 1 away; one real is 6 away, the other a copy up to rounding
        result = NearestTrainingImage('digits').compute(real, fake, train)
        assert result == {'nn_distance_digits': pytest.approx(3), 'nn_ratio_digits': pytest.approx(0.5)}

    def test_memorised_samples_have_ratio_0(self):
        train = ImageSet(images(0, 100))
        result = NearestTrainingImage().compute(ImageSet(images(50)), ImageSet(images(0, 100)), train)
        assert result == {'nn_distance': 0.0, 'nn_ratio': 0.0}

    def test_needs_held_out_reals(self):
        train = ImageSet(images(0, 100))
        with pytest.raises(ValueError, match='held out'):
            NearestTrainingImage().compute(ImageSet(images(100)), ImageSet(images(1, 2)), train)


class TestIndependentWasserstein:
    critic = {'type': 'MeanPixelCritic'}

    @pytest.mark.parametrize('paired', [False, True])
    def test_sign(self, paired):
        # With lr=0 the critic stays the mean pixel: 1 on the real and 0 on the generated images.
        metric = IndependentWasserstein(dict(self.critic, paired=paired), iters=2, batch_size=4, lr=0.0)
        result = metric.compute(ImageSet(images(*[255] * 10)), ImageSet(images(*[0] * 10)))
        assert result == pytest.approx({'iw': 1.0, 'iw_reported': -1.0, 'iw_heldout': 1.0})

    def test_held_out_images_are_not_in_iw(self):
        metric = IndependentWasserstein(self.critic, iters=1, lr=0.0, heldout=0.2)
        values = [0, 0, 0, 0, 0, 0, 0, 0, 0, 255]  # the one bright image is in one part or the other
        result = metric.compute(ImageSet(images(*values)), ImageSet(images(*[0] * 10)))
        assert (result['iw'], result['iw_heldout']) in [(pytest.approx(1 / 8), 0.0), (0.0, pytest.approx(1 / 2))]

    def test_training_separates_the_sides(self):
        # The gradient of the score with respect to each of 16 pixels is scale / 32, its norm scale / 8. In the
        # minimum of -scale * gap + 10 * (scale / 8 - 1)^2 at a gap of 0.8 is scale = 8 + 0.8 * 64 / 20 = 10.56.
        metric = IndependentWasserstein(self.critic, iters=400, batch_size=8, lr=0.1, betas=(0.0, 0.9))
        real, fake = ImageSet(images(*[255] * 10, size=4)), ImageSet(images(*[51] * 10, size=4))
        result = metric.compute(real, fake)
        assert result['iw'] == pytest.approx(0.8 * 10.56, rel=0.02)
        assert result['iw_heldout'] == pytest.approx(result['iw'], rel=1e-4)

    def test_a_real_critic_gives_0_between_alike_sets_and_more_otherwise(self):
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 256, size=(300, 1, 8, 8), dtype=np.uint8)
        dark = rng.integers(0, 128, size=(100, 1, 8, 8), dtype=np.uint8)
        metric = IndependentWasserstein({'type': 'MLPCritic', 'dims': (64, 16, 1), 'image_size': 8}, iters=60, lr=1e-3)
        alike = metric.compute(ImageSet(noise[:200]), ImageSet(noise[200:]))
        apart = metric.compute(ImageSet(noise[:200]), ImageSet(dark))
        assert apart['iw'] > 1.0
        assert apart['iw_heldout'] > 1.0
        assert abs(alike['iw_heldout']) < 0.5

    def test_deterministic_and_without_side_effects(self):
        rng = np.random.default_rng(1)
        real = ImageSet(rng.integers(0, 256, size=(20, 1, 8, 8), dtype=np.uint8))
        fake = ImageSet(rng.integers(0, 256, size=(20, 1, 8, 8), dtype=np.uint8))
        critic = {'type': 'MLPCritic', 'dims': (64, 8, 1), 'image_size': 8}

        def measure(seed):
            return IndependentWasserstein(critic, iters=3, batch_size=4, seed=seed).compute(real, fake)

        torch.manual_seed(0)
        before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        first = measure(0)
        assert torch.equal(torch.get_rng_state(), before)
        assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
        torch.manual_seed(99)
        with torch.no_grad():  # as in a validation loop
            assert measure(0) == first
        with torch.inference_mode():
            assert measure(0) == first
        assert measure(1) != first

    def test_errors(self):
        with pytest.raises(ValueError, match=r'heldout must be a share in \(0, 1\); got 0'):
            IndependentWasserstein(self.critic, heldout=0)
        with pytest.raises(ValueError, match='iters >= 1'):
            IndependentWasserstein(self.critic, iters=0)
        with pytest.raises(ValueError, match='two generated images; got 1'):
            IndependentWasserstein(self.critic, iters=1).compute(ImageSet(images(1, 2)), ImageSet(images(3)))


class TestSelectorDistribution:
    @staticmethod
    def model(*probs):
        model = torch.nn.Module()
        model.selector = FixedSelector(len(probs), probs)
        return model

    def test_shares_and_their_distance_from_the_target(self):
        metric = SelectorDistribution(target=[0.3, 0.7])
        metric.observe(self.model(0.5, 0.5))
        assert metric.compute(None, None) == {
            'selector_p0': 0.5,
            'selector_p1': 0.5,
            'selector_l1': pytest.approx(0.4),
        }

    def test_without_target(self):
        metric = SelectorDistribution()
        metric.observe(self.model(0.25, 0.25, 0.5))
        assert metric.compute(None, None) == {'selector_p0': 0.25, 'selector_p1': 0.25, 'selector_p2': 0.5}

    def test_the_evaluator_shows_it_the_model(self):
        evaluator = GenerationEvaluator({}, [{'type': 'SelectorDistribution'}, {'type': 'MeanVariance'}])
        batch = torch.from_numpy(images(0, 255))
        evaluator.prepare([batch], None, 'cpu')
        evaluator.observe(self.model(0.25, 0.75))
        evaluator.process(batch)
        assert evaluator.evaluate()['selector_p1'] == 0.75

    def test_what_is_refused(self):
        with pytest.raises(ValueError, match=r'target must be .* sum to 1, got \[0\.5, 0\.6\]'):
            SelectorDistribution(target=[0.5, 0.6])
        with pytest.raises(ValueError, match=r'target has 2 numbers; the model has 3 generators'):
            SelectorDistribution(target=[0.5, 0.5]).observe(self.model(0.25, 0.25, 0.5))
        with pytest.raises(ValueError, match=r'this Linear has none'):
            SelectorDistribution().observe(torch.nn.Linear(1, 1))
        with pytest.raises(RuntimeError, match=r'GenerationEvaluator\.observe'):
            SelectorDistribution().compute(None, None)
