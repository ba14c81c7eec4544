"""TranslatedClassifierAccuracy: counted by hand, in a run beside the real images, and what is refused."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from mmgentransfer.apis import evaluate, load_config, train
from mmgentransfer.datasets import ToyObjects
from mmgentransfer.evaluation import TranslationEvaluator
from mmgentransfer.registry import EXTRACTORS, METRICS, MODELS

COUNTING = dict(type='MeanClass')
ACCURACY = dict(type='TranslatedClassifierAccuracy', modality='theta3', extractor=COUNTING)
OBJECTS = dict(
    type='ToyObjects',
    image_size=16,
    labelled='colour',
    colours=['blue', 'green', 'red'],
    shapes=['disc'],
    num_images=12,
)
_NETS = dict(stage_channels=(4, 6), stage_blocks=(1, 1))


@EXTRACTORS.register_module(force=True)
class MeanClass(nn.Module):
    """Takes an image for the class of its first byte; notes what it has seen."""

    seen: list = []

    def missing(self):
        return None

    def forward(self, images):
        assert images.dtype == torch.uint8
        self.seen.append(tuple(images.shape))
        return dict(logits=nn.functional.one_hot(images[:, 0, 0, 0].long() % 4, 4).float())


@EXTRACTORS.register_module(force=True)
class FeaturesAlone(MeanClass):
    def forward(self, images):
        return dict(features=images)


class Model:
    """Stands for a model with these modalities."""

    def __init__(self, channels=3):
        self.modalities = dict(
            theta1=MODELS.build(dict(type='MapModality')),
            theta3=MODELS.build(dict(type='ImageModality', channels=channels)),
        )


def images(*values, channels=3):
    """Images in [-1, 1] of one byte each."""
    return torch.tensor(values).float().view(-1, 1, 1, 1).expand(-1, channels, 2, 2) / 127.5 - 1


def built(model=None, **options):
    metric = METRICS.build(ACCURACY | options)
    metric.bind(model or Model())
    return metric


@pytest.mark.parametrize('channels', [1, 3])
def test_accuracy_by_hand(channels):
    """Of four translations one is right, of the real images three; in any batching."""
    labels = torch.tensor([0, 1, 2, 3])
    translated, real = images(1, 1, 1, 1, channels=channels), images(0, 1, 2, 0, channels=channels)
    for size in (1, 3, 4):
        metric = built(Model(channels))
        metric.reset()
        for i in range(0, 4, size):
            metric.process(translated[i : i + size], real[i : i + size], labels[i : i + size])
        assert metric.compute() == dict(accuracy=25, accuracy_real=75)
        metric.reset()
        assert metric.sums is None


def test_the_classifier_sees_clamped_and_rounded_bytes():
    metric = built()
    metric.process(torch.full((1, 3, 2, 2), 7.0), images(1.4), torch.tensor([3]))  # 255 % 4 is 3
    assert metric.compute() == dict(accuracy=100, accuracy_real=0)
    metric.reset()
    metric.process(torch.full((1, 3, 2, 2), -7.0), images(0.6), torch.tensor([1]))
    assert metric.compute() == dict(accuracy=0, accuracy_real=100)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(modality='theta1'), r"modality='theta1' is a MapModality; .* name an ImageModality"),
        (dict(modality='theta4'), r"modality is 'theta4'; the modalities are \['theta1', 'theta3'\]"),
    ],
)
def test_modalities_that_are_no_images_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        built(**options)


def test_samples_that_do_not_suit_the_classifier_are_refused():
    samples = dict(theta3=images(1))
    built().check_samples(samples, 3)
    with pytest.raises(ValueError, match=r'has the label 4, but .* knows the classes 0 to 3'):
        built().check_samples(samples, 4)
    with pytest.raises(ValueError, match=r"must give class scores, .* FeaturesAlone gives \['features'\]"):
        built(extractor=dict(type='FeaturesAlone')).check_samples(samples, 0)


# ---------------------------------------------------------------------- in a run


def experiment(work_dir, **data):
    cfg = load_config('configs/mmnets/toy_opponent.py', work_dir=work_dir)
    for nets in (cfg.model.networks.encoders, cfg.model.networks.decoders):
        for network in nets.values():
            network.update(_NETS)
    cfg.model.networks.discriminators.theta3.update(channels=(4, 6))
    for stage in cfg.model.stages:
        stage.iters = 1
    cfg.train_cfg.update(max_iters=3, val_interval=1000)
    cfg.train_dataloader.update(batch_size=2)
    cfg.train_dataloader.dataset.dataset.dataset = OBJECTS
    cfg.val_dataloader.update(batch_size=5)
    cfg.val_dataloader.dataset.dataset = {**OBJECTS, 'split': 'test', **data}
    cfg.test_dataloader = cfg.val_dataloader
    cfg.val_evaluator.metrics[1].extractor = COUNTING
    cfg.test_evaluator = cfg.val_evaluator
    cfg.default_hooks.sample_grid = None
    return cfg


def test_run_scores_every_way_and_the_real_images_once_a_batch(tmp_path):
    cfg = experiment(tmp_path / 'run')
    MeanClass.seen.clear()
    scores = train(cfg.copy())
    # 12 samples in batches of 5, 5 and 2; the real images once and four translations each; one sample at the start
    assert [shape[0] for shape in MeanClass.seen] == [1, *[5] * 5, *[5] * 5, *[2] * 5]
    tasks = [task['name'] for task in cfg.val_cfg.tasks]
    assert {f'{task}/{key}' for task in tasks for key in ('accuracy', 'accuracy_real', 'rmse')} <= set(scores)
    data = ToyObjects(**{key: value for key, value in cfg.val_dataloader.dataset.dataset.items() if key != 'type'})
    right = (data.images[:, 0, 0, 0] % 4 == data.labels).float().mean()
    assert [scores[f'{task}/accuracy_real'] for task in tasks] == [pytest.approx(100 * float(right))] * 4
    line = json.loads((tmp_path / 'run' / 'metrics.jsonl').read_text())
    assert line['1to3/accuracy'] == scores['1to3/accuracy']
    again = cfg.copy()
    again.experiment_name = tmp_path.name
    assert evaluate(again, str(tmp_path / 'run')) == pytest.approx(scores)


def test_samples_without_classes_are_refused_before_training(tmp_path):
    cfg = experiment(tmp_path / 'run', labelled=None)
    with pytest.raises(ValueError, match=r'needs the classes of the samples, but .* OpponentColours, has no labels'):
        train(cfg)


def test_without_its_weights_the_metric_is_left_out(tmp_path, capfd):
    cfg = experiment(tmp_path / 'run')
    cfg.val_evaluator.metrics[1].extractor = dict(
        type='ClassifierFeatures',
        classifier=dict(type='DigitClassifier', image_size=16, in_channels=3),
        checkpoint=str(tmp_path / 'nowhere'),
        hint='train it',
    )
    scores = train(cfg)
    assert '1to3/rmse' in scores
    assert not [key for key in scores if 'accuracy' in key]
    assert 'TranslatedClassifierAccuracy is left out. no checkpoint' in ''.join(capfd.readouterr())


def test_a_task_whose_metrics_are_all_left_out_has_no_scores():
    gone = dict(
        type='ClassifierFeatures', classifier=dict(type='DigitClassifier'), checkpoint='nowhere', hint='train it'
    )
    evaluator = TranslationEvaluator([ACCURACY | dict(extractor=gone)])
    assert evaluator.notices() == [
        'val_evaluator.metrics: TranslatedClassifierAccuracy is left out. no checkpoint at nowhere: train it'
    ]
    task = dict(name='1to3', source=['theta1'], target='theta3')
    evaluator.check(Model(), [task])
    evaluator.reset()
    evaluator.process(task, images(0), dict(theta3=images(0)))
    assert evaluator.evaluate() == {}
    with pytest.raises(ValueError, match="has none for 'theta1', the target of the task '3to1'"):
        evaluator.check(Model(), [dict(name='3to1', source=['theta3'], target='theta1')])


def test_a_domain_has_one_class():
    """Three of four translations are taken for class 2, and one of two real images of a batch, then both."""
    metric = METRICS.build(ACCURACY | dict(label=2))
    metric.bind(Model())
    assert not metric.needs_labels
    metric.reset()
    metric.process(images(2, 3), images(2, 1))
    metric.process(images(2, 2), images(2, 2))
    assert metric.compute() == dict(accuracy=75.0, accuracy_real=75.0)
    with pytest.raises(ValueError, match=r'label has the label 4, .* 0 to 3'):
        metric.check_samples(dict(theta3=images(0)), 4)
