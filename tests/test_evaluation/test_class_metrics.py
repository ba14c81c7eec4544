"""Metrics of models with classes, and how the labels reach them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmgentransfer.apis import train
from mmgentransfer.evaluation import ClasswiseFID, GeneratedClassificationAccuracy, GenerationEvaluator, ImageSet
from mmgentransfer.evaluation.functional import fid_from_features


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def test_classwise_fid_by_hand():
    """One feature: the distance is (difference of means)^2 + (difference of standard deviations)^2."""
    real = ImageSet(features=column(0, 2, 10, 14), labels=np.array([0, 0, 1, 1]))
    fake = ImageSet(features=column(10, 3, 10, 3, 13, 5), labels=np.array([1, 0, 1, 0, 1, 0]))
    scores = ClasswiseFID('x').compute(real, fake)
    root = np.sqrt(2)  # of 0 and 2; of 10 and 14: 2 * root; of 3, 3, 5 and of 10, 10, 13: 2/sqrt(3) and sqrt(3)
    first = (11 / 3 - 1) ** 2 + (root - 2 / np.sqrt(3)) ** 2
    second = (12 - 11) ** 2 + (2 * root - np.sqrt(3)) ** 2
    assert list(scores) == ['classwise_fid_x_0', 'classwise_fid_x_1', 'classwise_fid_x_avg', 'classwise_fid_x_all']
    assert scores['classwise_fid_x_0'] == pytest.approx(first)
    assert scores['classwise_fid_x_1'] == pytest.approx(second)
    assert scores['classwise_fid_x_avg'] == pytest.approx((first + second) / 2)
    assert scores['classwise_fid_x_all'] == pytest.approx(fid_from_features(real.features, fake.features))


def test_classwise_fid_needs_images_of_each_class():
    labels = np.array([0, 0, 1, 1])
    four = column(1, 2, 3, 4)
    with pytest.raises(ValueError, match='2 real and 0 generated ones of class 1'):
        ClasswiseFID('x').compute(ImageSet(features=four, labels=labels), ImageSet(features=four, labels=labels * 0))
    with pytest.raises(ValueError, match='the generated images have no labels'):
        ClasswiseFID('x').compute(ImageSet(features=four, labels=labels), ImageSet(features=four))
    with pytest.raises(ValueError, match='the real images need labels'):
        ClasswiseFID('x').compute(ImageSet(features=four), ImageSet(features=four, labels=labels))


def test_accuracy_by_hand():
    logits = np.array([[9, 1, 0], [0, 1, 2], [0, 5, 6], [0, 5, 4], [0, 2, 1]], dtype=np.float32)
    fake = ImageSet(logits=logits, labels=np.array([0, 0, 1, 1, 1]))
    scores = GeneratedClassificationAccuracy('x').compute(ImageSet(logits=logits), fake)
    # decisions 0, 2, 2, 1, 1
    assert scores == pytest.approx({'accuracy_x_0': 50, 'accuracy_x_1': 200 / 3, 'accuracy_x': (50 + 200 / 3) / 2})
    # labels 0, 1 are the classes 1, 2, which decide alone: 0, 1, 1, 0, 0
    real = ImageSet(logits=logits, labels=np.array([0, 1, 1, 0, 1]))
    scores = GeneratedClassificationAccuracy('x', classes=[1, 2]).compute(real, fake)
    expected = {'accuracy_x_0': 50, 'accuracy_x_1': 100 / 3, 'accuracy_x': (50 + 100 / 3) / 2, 'accuracy_x_real': 80}
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize(
    ('classes', 'fake', 'message'),
    [
        (None, dict(labels=np.array([0])), "'x' gives features only"),
        (None, dict(labels=np.array([3]), logits=np.ones((1, 3))), 'label 3 is none of the 3 classes'),
        ([1, 3], dict(labels=np.array([0]), logits=np.ones((1, 3))), r'classes is \[1, 3\]; the classes .* 0 to 2'),
        (None, dict(logits=np.ones((1, 3))), 'the generated images have no labels'),
    ],
)
def test_accuracy_of_what_has_none(classes, fake, message):
    with pytest.raises(ValueError, match=message):
        GeneratedClassificationAccuracy('x', classes).compute(ImageSet(), ImageSet(**fake))


def test_labels_reach_the_metrics():
    """Split over two processes as over one."""
    images = torch.randint(0, 256, (8, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8) % 2
    evaluator = GenerationEvaluator(dict(x=dict(type='CountingExtractor')), [dict(type='ClasswiseFID', extractor='x')])
    evaluator.prepare([images.flip(0)], None, 'cpu', labels.flip(0))
    parts = []
    for half in (slice(0, 4), slice(4, 8)):
        evaluator.reset()
        evaluator.process(images[half], labels[half])
        parts.append(evaluator.collect())
    scores = evaluator.evaluate(parts)
    assert scores == pytest.approx(dict.fromkeys(scores, 0.0), abs=1e-5)
    assert len(scores) == 4
    evaluator.process(images, 1 - labels)
    assert evaluator.evaluate()['classwise_fid_x_0'] > 1e-4


def test_scores_of_a_run(experiment, game_configs):
    model = game_configs['TransferGAN'](width=2)
    model['networks']['generator'].update(num_classes=2, cond_mode='bnorm')
    model['networks']['critic'].update(num_classes=2)
    term = dict(type='AuxiliaryClassifierLoss')
    model['losses'].update(critic_class=term, generator_class=term)
    cfg = experiment(model, iters=1)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.update(classes=[3, 7], labelled=True, relabel=True)
    cfg.val_evaluator.extractors = dict(x=dict(type='CountingExtractor'))
    cfg.val_evaluator.metrics = [
        dict(type=name, extractor='x') for name in ('ClasswiseFID', 'GeneratedClassificationAccuracy')
    ]
    train(cfg)
    line = json.loads((Path(cfg.work_dir) / 'metrics.jsonl').read_text().splitlines()[-1])
    names = {f'classwise_fid_x_{part}' for part in ('0', '1', 'avg', 'all')}
    assert names | {'accuracy_x', 'accuracy_x_0', 'accuracy_x_1', 'accuracy_x_real'} <= set(line)
    assert line['classwise_fid_x_avg'] == pytest.approx((line['classwise_fid_x_0'] + line['classwise_fid_x_1']) / 2)
