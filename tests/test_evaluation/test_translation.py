"""Scoring translations: the metrics by hand, and what a run writes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from mmnets_toys import TASKS, aligned_samples, mmnets_config, mmnets_experiment

from mmgentransfer.apis import evaluate, train
from mmgentransfer.evaluation import TranslationEvaluator
from mmgentransfer.evaluation.functional import alignment_factor, confusion_matrix, depth_errors, miou
from mmgentransfer.registry import METRICS


class Model:
    """Stands for a model with these modalities."""

    def __init__(self, build_game, **segmentation):
        config = mmnets_config()
        config['modalities']['segmentation'].update(segmentation)
        self.modalities = build_game(config).modalities


def metric(kind, model, **options):
    built = METRICS.build(dict(type=kind, **options))
    built.bind(model)
    return built


def one_hot(labels, num=5):
    return torch.nn.functional.one_hot(torch.tensor(labels), num).float().permute(0, 2, 1)[..., None]


def test_miou(build_game):
    """IoU of classes 1 to 3: 2/3, 1/4 and 0; 0 is void, 255 ignored; the fourth occurs nowhere."""
    truth, predicted = [[1, 1, 1, 2, 2, 3, 0, 255]], [[1, 1, 2, 2, 0, 2, 1, 3]]
    score = metric('MIoU', Model(build_game, void=0))
    score.process(one_hot(predicted), torch.tensor(truth)[..., None])
    scores = score.compute()
    assert scores['miou'] == pytest.approx(100 * (2 / 3 + 1 / 4 + 0) / 3)
    assert scores['global'] == pytest.approx(50)
    assert scores['iou_1'] == pytest.approx(200 / 3)
    assert math.isnan(scores['iou_4'])
    assert 'iou_0' not in scores


def test_miou_with_names_and_without_void(build_game):
    model = Model(build_game, class_names=['wall', 'floor', 'disc', 'box', 'triangle'])
    score = metric('MIoU', model)
    score.process(one_hot([[0, 0, 1, 1]]), torch.tensor([[0, 1, 1, 1]])[..., None])
    scores = score.compute()
    assert (scores['iou_wall'], scores['iou_floor']) == pytest.approx((50, 200 / 3))
    assert scores['miou'] == pytest.approx((50 + 200 / 3) / 2)
    short = metric('MIoU', model, per_class=False)
    short.process(one_hot([[0]]), torch.tensor([[0]])[..., None])
    assert short.compute() == {'miou': 100, 'global': 100}


@pytest.mark.parametrize('pool', ['pixel', 'image'])
def test_depth_error_of_any_batching(build_game, pool):
    random = np.random.default_rng(0)
    predicted, true = random.uniform(0, 6, (2, 5, 1, 4, 4)).astype(np.float32)
    true[0, 0, 0], true[1] = 0, 0  # a missing row, and an image without any measurement
    expected = depth_errors(predicted, true, pool=pool)
    found = []
    for size in (1, 2, 5):
        score = metric('DepthError', Model(build_game), pool=pool)
        for i in range(0, 5, size):
            score.process(torch.from_numpy(predicted[i : i + size]), torch.from_numpy(true[i : i + size]))
        found.append(score.compute())
    for scores in found:
        assert scores == pytest.approx(expected)


def test_depth_error_pooled_by_image_and_by_pixel(build_game):
    """One image of one pixel with error 1, one of three with error 3."""
    predicted = torch.tensor([[2.0, 9.0, 9.0, 9.0], [9.0, 5.0, 5.0, 5.0]]).view(2, 1, 2, 2)
    true = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 2.0, 2.0]]).view(2, 1, 2, 2)
    expected = dict(pixel=math.sqrt((1 + 3 * 9) / 4), image=(1 + 3) / 2)
    for pool, rmse in expected.items():
        score = metric('DepthError', Model(build_game), pool=pool)
        score.process(predicted, true)
        assert score.compute()['rmse'] == pytest.approx(rmse), pool


def test_depth_error_beyond_the_farthest_depth(build_game):
    score = metric('DepthError', Model(build_game), max_depth=5)
    score.process(torch.tensor([[[[1.0, 1.0]]]]), torch.tensor([[[[2.0, 6.0]]]]))
    assert score.compute()['rmse'] == pytest.approx(1)


def test_map_error_clamps_to_the_modality(build_game):
    score = metric('MapError', Model(build_game), modality='rgb')
    score.process(torch.tensor([[[[3.0, 0.5]]]]), torch.tensor([[[[1.0, -0.5]]]]))
    assert score.compute()['rmse'] == pytest.approx(math.sqrt((0 + 1) / 2))


def evaluator_of_maps(build_game, means=None, **options):
    """An evaluator of depth to colour, labels to colour, and colour by way of depth."""
    tasks = [
        dict(name='D2R', source=['depth'], target='rgb'),
        dict(name='S2R', source=['segmentation'], target='rgb'),
        dict(name='R2D2R', source=['rgb'], target='rgb', via=['depth']),
    ]
    evaluator = TranslationEvaluator([dict(type='MapError', modality='rgb', **options)], means)
    evaluator.check(Model(build_game), tasks)
    evaluator.reset()
    return evaluator, tasks


def test_means_over_tasks(build_game):
    evaluator, tasks = evaluator_of_maps(build_game, dict(to_colour=['D2R', 'S2R'], back=['R2D2R']))
    truth = dict(rgb=torch.zeros(2, 3, 4, 4))
    for task, error in zip(tasks, (0.1, 0.4, 0.7), strict=True):
        evaluator.process(task, truth['rgb'] + error, truth)
    scores = evaluator.evaluate()
    expected = {'D2R/rmse': 0.1, 'S2R/rmse': 0.4, 'R2D2R/rmse': 0.7, 'to_colour/rmse': 0.25, 'back/rmse': 0.7}
    assert scores == pytest.approx(expected)


def test_a_metric_of_some_tasks(build_game):
    with pytest.raises(ValueError, match="metrics has none for 'rgb', the target of the task 'D2R'"):
        evaluator_of_maps(build_game, tasks=['R2D2R', 'S2R'])
    tasks = [dict(name='D2R', source=['depth'], target='rgb'), dict(name='R2R', source=['rgb'], target='rgb')]
    names = ['D2R', 'R2R']
    metrics = [dict(type='MapError', modality='rgb', tasks=[name]) for name in names]
    evaluator = TranslationEvaluator(metrics, dict(all=names))
    evaluator.check(Model(build_game), tasks)
    assert [len(evaluator._by_task[name]) for name in names] == [1, 1]
    wide = TranslationEvaluator([dict(type='MapError', modality='rgb'), metrics[1]])
    wide.check(Model(build_game), tasks)
    assert [len(wide._by_task[name]) for name in names] == [1, 2]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(tasks=['R2D2R', 'D2RR']), "MapError.tasks names 'D2RR'; .*Did you mean 'D2R'"),
        (dict(tasks=[]), 'MapError.tasks is empty'),
        (dict(means=dict(seen=['D2S'])), "val_evaluator.means.seen names 'D2S'"),
        (dict(means=dict(seen=[])), 'val_evaluator.means.seen is empty'),
        (dict(means=dict(D2R=['S2R'])), 'val_evaluator.means.D2R has the name of a task'),
    ],
)
def test_tasks_that_do_not_exist_are_refused(build_game, options, message):
    with pytest.raises(ValueError, match=message):
        evaluator_of_maps(build_game, **options)


def test_alignment_factor(build_game):
    model = build_game(mmnets_config()).eval()
    samples = model.data_preprocessor(aligned_samples(4))
    latents = {name: model.encode(values, name).h.detach().numpy() for name, values in samples.items()}
    scores = []
    for size in (1, 4):
        score = metric('AlignmentFactor', model, pairs=[('rgb', 'depth'), ('segmentation', 'rgb')])
        for i in range(0, 4, size):
            with torch.no_grad():
                score.observe(model, {name: values[i : i + size] for name, values in samples.items()})
        scores.append(score.compute())
    expected = dict(
        alignment_rgb_depth=alignment_factor(latents['rgb'], latents['depth']),
        alignment_segmentation_rgb=alignment_factor(latents['segmentation'], latents['rgb']),
    )
    assert scores == [pytest.approx(expected, rel=1e-5)] * 2


def test_run_scores_every_task_as_the_functions_do(tmp_path):
    """What training logs, what testing a checkpoint gives, and what the model's own predictions give."""
    cfg = mmnets_experiment(tmp_path / 'run', num_test=5)
    cfg.test_cfg, cfg.test_dataloader, cfg.test_evaluator = cfg.val_cfg, cfg.val_dataloader, cfg.val_evaluator
    scores = train(cfg.copy())
    line = json.loads((tmp_path / 'run' / 'metrics.jsonl').read_text())
    assert (line['iter'], line['num_samples']) == (6, 5)
    assert {key: line[key] for key in scores} == scores
    assert {key.split('/')[0] for key in scores if '/' in key} == {task['name'] for task in TASKS}
    again = cfg.copy()
    again.experiment_name += '_test'
    assert evaluate(again, str(tmp_path / 'run')) == pytest.approx(scores, nan_ok=True)

    from mmgentransfer.apis import init_model

    model = init_model(cfg, str(tmp_path / 'run'))
    samples = model.data_preprocessor(aligned_samples(5))
    for task in TASKS:
        inputs = {name: samples[name] for name in task['source']}
        output = model.predict(inputs, [task['target']], task.get('via', ()))[task['target']]
        truth = samples[task['target']].numpy()
        if task['target'] == 'segmentation':
            confusion = confusion_matrix(output.argmax(1).numpy(), truth, 5)
            assert scores[f'{task["name"]}/miou'] == pytest.approx(100 * miou(confusion), rel=1e-4)
        elif task['target'] == 'depth':
            expected = depth_errors(output.numpy(), truth)
            assert {key: scores[f'{task["name"]}/{key}'] for key in expected} == pytest.approx(expected, rel=5e-3)
        else:
            assert scores[f'{task["name"]}/rmse'] == pytest.approx(np.sqrt(((output.numpy() - truth) ** 2).mean()))


def test_tasks_with_the_same_sources_share_their_encoding(tmp_path, monkeypatch):
    from mmgentransfer.models.methods.mmnets import MixAndMatchNets

    cfg = mmnets_experiment(tmp_path / 'run', num_test=2)
    cfg.val_cfg.tasks = [*TASKS[:3], dict(name='fused', source=['rgb', 'depth'], target='depth', alpha=0.5)]
    cfg.val_evaluator.metrics = cfg.val_evaluator.metrics[:3]
    encoded = []
    encode = MixAndMatchNets.encode
    monkeypatch.setattr(MixAndMatchNets, 'encode', lambda self, x, name: encoded.append(name) or encode(self, x, name))
    cfg.train_cfg.max_iters = 1
    cfg.model.stages = [dict(cfg.model.stages[0], iters=1)]
    train(cfg)
    assert sorted(encoded) == ['depth', 'depth', 'rgb', 'segmentation']
