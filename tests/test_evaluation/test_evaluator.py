"""The evaluator: every image passes every extractor once, real ones through a cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

import mmgentransfer
from mmgentransfer.evaluation import GenerationEvaluator
from mmgentransfer.evaluation.functional import fid_from_features, kid_from_features, kmmd, mean_variance

COUNTING = {'type': 'CountingExtractor'}
ABSENT = {'type': 'CountingExtractor', 'name': 'absent', 'weights_missing': 'absent.pth is not in /weights'}
THREE = [{'type': name, 'extractor': 'digits'} for name in ('FID', 'KID', 'KMMD')]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def batches(seed=0, count=12, size=5, channels=1):
    """Random images in batches of ``size``, the last one smaller."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, channels, 4, 4), dtype=torch.uint8, generator=generator)
    return list(images.split(size))


def features(parts):
    """What the counting extractor gives, computed apart from it."""
    flat = torch.cat(parts).numpy().reshape(sum(map(len, parts)), -1) / 255.0
    return np.stack([flat.mean(1), flat.std(1, ddof=1)], axis=1)


def run(evaluator, fake, real=None, train=None):
    evaluator.prepare(batches(0) if real is None else real, train, 'cpu')
    evaluator.reset()
    for images in fake:
        evaluator.process(images)
    return evaluator.evaluate()


class TestConfig:
    def test_unknown_extractor(self):
        metrics = [{'type': 'MeanVariance'}, {'type': 'FID', 'extractor': 'digit'}]
        with pytest.raises(ValueError, match=r"val_evaluator\.metrics\[1\]\.extractor is 'digit'.*declared: 'digits'"):
            GenerationEvaluator({'digits': COUNTING}, metrics)
        with pytest.raises(ValueError, match='declared: none'):
            GenerationEvaluator({}, metrics)

    def test_two_metrics_of_one_name(self):
        metrics = [{'type': 'KMMD', 'extractor': 'digits'}, {'type': 'KMMD', 'extractor': 'digits', 'sigma': 1.0}]
        with pytest.raises(ValueError, match=r'metrics\[0\] and \[1\] are both KMMD'):
            GenerationEvaluator({'digits': COUNTING}, metrics)
        metrics[1]['extractor'] = 'again'
        assert len(GenerationEvaluator({'digits': COUNTING, 'again': COUNTING}, metrics).metrics) == 2

    def test_the_runner_builds_it(self):
        config = Config(
            {'val_evaluator': {'type': 'GenerationEvaluator', 'extractors': {'digits': COUNTING}, 'metrics': THREE}}
        )
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            evaluator = Runner.build_evaluator(None, config.val_evaluator)
        assert isinstance(evaluator, GenerationEvaluator)
        assert set(run(evaluator, batches(1))) == {'fid_digits', 'kid_digits', 'kmmd_digits'}

    def test_registered_without_importing_evaluation(self):
        code = (
            'from mmgentransfer.registry import EVALUATORS, EXTRACTORS, METRICS\n'
            "print(EVALUATORS.get('GenerationEvaluator').__name__, METRICS.get('FID').__name__,"
            " EXTRACTORS.get('InceptionFeatures').__name__)"
        )
        root = Path(mmgentransfer.__file__).parents[1]
        out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=root).stdout
        assert out.split() == ['GenerationEvaluator', 'FID', 'InceptionFeatures']


class TestScores:
    def test_values(self):
        metrics = [*THREE, {'type': 'MeanVariance'}]
        real, fake = batches(0), batches(1, count=9)
        results = run(GenerationEvaluator({'digits': COUNTING}, metrics), fake, real)
        a, b = features(real), features(fake)
        chosen = np.random.default_rng(0).permutation(len(a))[:9]
        assert results == {
            'fid_digits': pytest.approx(fid_from_features(a, b), rel=1e-4),
            'kid_digits': pytest.approx(kid_from_features(a, b), rel=1e-4),
            'kmmd_digits': pytest.approx(kmmd(a[chosen], b), rel=1e-4),
            'mv': pytest.approx(mean_variance(torch.cat(fake).numpy() / 255)),
            'mv_ratio': pytest.approx(mean_variance(torch.cat(fake).numpy()) / mean_variance(torch.cat(real).numpy())),
        }
        assert all(type(value) is float for value in results.values())

    def test_results_carry_the_extractors_names(self, calls):
        extractors = {'one': dict(COUNTING, name='one'), 'two': dict(COUNTING, name='two', scale=2.0)}
        metrics = [{'type': 'FID', 'extractor': 'one'}, {'type': 'FID', 'extractor': 'two'}]
        results = run(GenerationEvaluator(extractors, metrics), batches(1))
        assert results['fid_two'] == pytest.approx(4 * results['fid_one'])

    def test_logits_reach_the_metric(self):
        # The logits are mean and spread: a bright image is of class 0, one of black and white stripes of class 1.
        bright = torch.full((3, 1, 4, 4), 200, dtype=torch.uint8)
        stripes = torch.tensor([0, 255, 0, 0], dtype=torch.uint8).expand(1, 1, 4, 4)
        metrics = [{'type': 'ClassifierError', 'extractor': 'digits', 'target': 0}]
        results = run(GenerationEvaluator({'digits': COUNTING}, metrics), [bright, stripes])
        assert results == {'classifier_error_digits': 25.0, 'class_share_digits': 75.0}

    def test_training_images(self):
        evaluator = GenerationEvaluator({}, [{'type': 'NearestTrainingImage'}])
        train = batches(2, count=3)
        results = run(evaluator, train, batches(0), lambda: train)
        assert results == {'nn_distance': 0.0, 'nn_ratio': 0.0}
        with pytest.raises(ValueError, match='NearestTrainingImage compares with the training images'):
            evaluator.prepare(batches(0), None, 'cpu')

    def test_training_images_are_not_read_without_need(self):
        def train():
            raise AssertionError('no metric needs the training images')

        assert 'mv' in run(GenerationEvaluator({}, [{'type': 'MeanVariance'}]), batches(1), train=train)

    def test_processes_together_give_what_one_gives(self):
        metrics = [*THREE, {'type': 'MeanVariance'}]
        one = GenerationEvaluator({'digits': COUNTING}, metrics)
        fake = batches(1, count=14)
        expected = run(one, fake)
        ranks = [GenerationEvaluator({'digits': COUNTING}, metrics) for _ in range(3)]  # the last draws no image
        ranks[0].process(fake[0])
        ranks[1].process(fake[1])
        ranks[1].process(fake[2])
        collected = [rank.collect() for rank in ranks]
        assert all(isinstance(array, np.ndarray) for part in collected for array in part.values())
        ranks[0].prepare(batches(0), None, 'cpu')
        assert ranks[0].evaluate(collected) == expected

    def test_evaluate_forgets_the_generated_images(self):
        evaluator = GenerationEvaluator({'digits': COUNTING}, THREE)
        first = run(evaluator, batches(1))
        with pytest.raises(ValueError, match='no generated images'):
            evaluator.evaluate()
        for images in batches(1):
            evaluator.process(images)
        assert evaluator.evaluate() == first

    def test_reset(self):
        evaluator = GenerationEvaluator({'digits': COUNTING}, THREE)
        evaluator.process(batches(5)[0])
        assert run(evaluator, batches(1)) == run(GenerationEvaluator({'digits': COUNTING}, THREE), batches(1))

    def test_raw_images_are_kept_only_when_needed(self):
        evaluator = GenerationEvaluator({'digits': COUNTING}, THREE)
        evaluator.process(batches(1)[0])
        assert set(evaluator.collect()) == {'digits/features', 'digits/logits'}

    def test_errors(self):
        evaluator = GenerationEvaluator({'digits': COUNTING}, THREE)
        with pytest.raises(ValueError, match=r'uint8 tensors \(N, C, H, W\); got torch.float32'):
            evaluator.process(torch.zeros(2, 1, 4, 4))
        evaluator.process(batches(1)[0])
        with pytest.raises(RuntimeError, match='prepare'):
            evaluator.evaluate()
        with pytest.raises(ValueError, match='needs real images'):
            evaluator.prepare([], None, 'cpu')
        with pytest.raises(ValueError, match='one shape'):
            evaluator.prepare([*batches(0), *batches(0, channels=3)], None, 'cpu')


class TestNotices:
    extractors = {'digits': COUNTING, 'inception': ABSENT}
    metrics = [
        {'type': 'FID', 'extractor': 'inception'},
        {'type': 'FID', 'extractor': 'digits'},
        {'type': 'KID', 'extractor': 'inception'},
    ]

    def test_a_line_for_each_extractor_without_weights(self):
        (line,) = GenerationEvaluator(self.extractors, self.metrics).notices()
        assert "'inception'" in line
        assert 'FID, KID' in line
        assert 'absent.pth is not in /weights' in line

    def test_none_for_an_extractor_that_nothing_uses(self):
        assert GenerationEvaluator(self.extractors, self.metrics[1:2]).notices() == []

    def test_its_metrics_are_left_out(self, calls):
        results = run(GenerationEvaluator(self.extractors, self.metrics), batches(1))
        assert list(results) == ['fid_digits']
        assert 'absent' not in calls

    def test_all_left_out(self):
        evaluator = GenerationEvaluator(self.extractors, self.metrics[:1])
        assert run(evaluator, batches(1)) == {}

    def test_the_published_extractor(self, tmp_path):
        config = {'inception': {'type': 'InceptionFeatures', 'weights': str(tmp_path / 'weights.pth')}}
        evaluator = GenerationEvaluator(config, self.metrics[:1])
        assert 'weights.pth' in evaluator.notices()[0]
        assert run(evaluator, batches(1)) == {}


class TestExtraction:
    def test_once_for_each_batch(self, calls):
        evaluator = GenerationEvaluator({'digits': COUNTING}, THREE)
        for images in batches(1):
            evaluator.process(images)
        assert calls == {'counting': 3}

    def test_real_images_once(self, calls):
        run(GenerationEvaluator({'digits': COUNTING}, THREE), [batches(1)[0]])
        assert calls == {'counting': 3 + 1}

    @pytest.mark.parametrize('raw', [False, True])
    def test_an_iterator_serves_as_well(self, raw):
        metrics = [*THREE, {'type': 'MeanVariance'}] if raw else THREE
        evaluator = GenerationEvaluator({'digits': COUNTING}, metrics)
        results = run(evaluator, batches(1), iter(batches(0)))
        assert results == run(GenerationEvaluator({'digits': COUNTING}, metrics), batches(1))


class TestCache:
    def prepare(self, calls, real, cache_dir=None, **kwargs):
        """Prepares a new evaluator and returns how often its extractor was called."""
        calls.clear()
        evaluator = GenerationEvaluator({'digits': dict(COUNTING, **kwargs)}, THREE, cache_dir)
        evaluator.prepare(real, None, 'cpu')
        count = calls.get('counting', 0)
        evaluator.process(batches(1, size=100)[0])
        self.result = evaluator.evaluate()
        return count

    def test_the_second_time_comes_from_disk(self, calls, own_cache):
        assert self.prepare(calls, batches(0)) == 3
        first = self.result
        assert len(list(own_cache.iterdir())) == 1
        assert self.prepare(calls, batches(0)) == 0
        assert self.result == first

    def test_batch_size_does_not_matter(self, calls):
        self.prepare(calls, batches(0))
        assert self.prepare(calls, batches(0, size=12)) == 0

    def test_other_images_and_other_extractors_do(self, calls):
        self.prepare(calls, batches(0))
        changed = [images.clone() for images in batches(0)]
        changed[2][1, 0, 3, 3] ^= 1
        assert self.prepare(calls, changed) == 3
        assert self.prepare(calls, [images.transpose(2, 3) for images in batches(0)]) == 3
        assert self.prepare(calls, [images.reshape(-1, 1, 2, 8) for images in batches(0)]) == 3
        assert self.prepare(calls, batches(0), scale=2.0) == 3
        assert self.prepare(calls, batches(0)) == 0

    def test_folder_from_the_config(self, calls, tmp_path, own_cache):
        self.prepare(calls, batches(0), cache_dir=str(tmp_path / 'mine'))
        assert len(list((tmp_path / 'mine').iterdir())) == 1
        assert not own_cache.exists()

    @pytest.mark.parametrize('damage', ['truncated', 'junk', 'empty', 'other_rows'])
    def test_a_damaged_file_is_replaced(self, calls, own_cache, damage):
        self.prepare(calls, batches(0))
        first = self.result
        (file,) = own_cache.iterdir()
        if damage == 'other_rows':
            np.savez(file, features=np.zeros((3, 2)))
        else:
            data = file.read_bytes()
            file.write_bytes({'truncated': data[: len(data) // 2], 'junk': b'junk' * 9, 'empty': b''}[damage])
        with pytest.warns(RuntimeWarning, match='cached features'):
            assert self.prepare(calls, batches(0)) == 3
        assert self.result == first
        assert self.prepare(calls, batches(0)) == 0

    def test_a_folder_that_can_not_be_made(self, calls, tmp_path):
        (tmp_path / 'file').write_text('in the way')
        with pytest.warns(RuntimeWarning, match='can not be cached'):
            assert self.prepare(calls, batches(0), cache_dir=str(tmp_path / 'file' / 'cache')) == 3

    def test_no_partial_files_are_left_when_writing_fails(self, calls, own_cache, monkeypatch):
        def fail(*args):
            raise OSError('disk full')

        monkeypatch.setattr(os, 'replace', fail)
        with pytest.warns(RuntimeWarning, match='disk full'):
            self.prepare(calls, batches(0))
        assert list(own_cache.iterdir()) == []

    def test_a_loader_that_changes_its_images_is_cached_as_what_was_extracted(self, calls):
        class Changing:
            passes = 0

            def __iter__(self):
                self.passes += 1
                return iter(batches(self.passes))

        self.prepare(calls, Changing())  # hashed as the first set, extracted from the second
        assert self.prepare(calls, batches(1)) == 3
        assert self.prepare(calls, batches(2)) == 0
