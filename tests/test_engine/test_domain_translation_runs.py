"""A run that trains a translator and scores it, in one process and in two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import domain_toys  # noqa: F401  registers what the config names
import pytest
from mmengine.config import Config

from mmgentransfer.apis import train

ROOT = Path(__file__).parents[2]
OBJECTS = dict(
    type='ToyObjects', image_size=16, colours=('red', 'blue', 'green'), shapes=('disc', 'square'), labelled='colour'
)
CLASSIFIER = dict(classifier=dict(type='CoarseClassifier'), lr=1e-2, iters=30)


def config(folder, processes):
    return Config(
        dict(
            default_scope='mmgentransfer',
            custom_imports=dict(imports=['domain_toys']),
            model=dict(type='Painter'),
            optim_wrapper=dict(constructor='PlayerOptimWrappers', generator=dict(optimizer=dict(type='SGD', lr=0.05))),
            train_dataloader=dict(
                batch_size=12 // processes,
                num_workers=0,
                sampler=dict(type='InfiniteSampler', shuffle=True),
                collate_fn=dict(type='stack_batch'),
                dataset=dict(OBJECTS, num_per_class=9),
            ),
            train_cfg=dict(type='GameTrainLoop', max_iters=2, val_interval=2),
            val_dataloader=dict(
                batch_size=4,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                collate_fn=dict(type='stack_batch'),
                dataset=dict(OBJECTS, num_per_class=5, split='test', with_masks=True),
            ),
            val_cfg=dict(type='DomainTranslationLoop', num_samples=3),
            val_evaluator=dict(
                type='DomainTranslationEvaluator',
                cache_dir=str(folder / 'cache'),
                extractors=dict(colour=dict(type='ColourExtractor')),
                metrics=[
                    dict(type='FID', extractor='colour'),
                    dict(type='KMMD', extractor='colour'),
                    dict(type='IDDistance', extractor='colour'),
                    dict(type='LPIPSDiversity', distance='pixel'),
                    dict(type='LPIPSDiversity', distance='pixel', pairing='independent_pairs', num_inputs=7),
                    dict(type='ReverseClassification', **CLASSIFIER),
                    dict(type='ForwardClassification', **CLASSIFIER),
                    dict(type='MeanVariance'),
                    dict(type='ReconstructionL1'),
                    dict(type='DiversityLocalization'),
                ],
            ),
            work_dir=str(folder / f'run{processes}'),
            custom_hooks=[dict(type='EMAHook', networks=['generator'], half_life=20)],
            default_hooks=dict(
                runtime_info=dict(type='GameInfoHook', interval=1),
                timer=dict(type='IterTimerHook'),
                logger=dict(type='LoggerHook', interval=1, log_metric_by_epoch=False),
                checkpoint=dict(type='AtomicCheckpointHook', interval=2),
                stage=dict(type='StageHook'),
            ),
            log_processor=dict(by_epoch=False),
            randomness=dict(seed=0),
            model_wrapper_cfg=dict(type='SelfSynchronised'),
        )
    )


@pytest.fixture(scope='module')
def scores(tmp_path_factory, subprocess_environment):
    """The line of scores of a run of one process, and of one of two."""
    folder = tmp_path_factory.mktemp('domains')
    train(config(folder, 1))
    config(folder, 2).dump(folder / 'config.py')
    finished = subprocess.run(
        [str(ROOT / 'tools/dist_train.sh'), str(folder / 'config.py'), '2', '--work-dir', str(folder / 'run2')],
        env=subprocess_environment(ROOT / 'tests', PYTHON=sys.executable),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return [json.loads((folder / f'run{num}' / 'metrics.jsonl').read_text()) for num in (1, 2)]


def test_two_processes_score_as_one(scores):
    single, double = scores
    assert single.keys() == double.keys()
    for name in single.keys() - {'train_seconds'}:
        # a last bit of a sum may round a pixel the other way
        assert double[name] == pytest.approx(single[name], rel=1e-3, abs=1e-3), name


def test_scores_of_a_run(scores):
    line = scores[0]
    assert line['iter'] == 2
    assert line['num_samples'] == 15
    assert line['red/num_translations'] == 30
    assert line['red/diversity_independent_pairs_pixel_distances'] == 7 * 19
    assert line['diversity_within_input_pixel'] > 0
    assert line['reverse_classification_real'] == pytest.approx(line['forward_classification_real'])
    for name in ('fid_colour', 'mv', 'change_inside', 'reconstruction_l1', 'id_distance_cosine_colour'):
        mean = sum(line[f'{target}/{name}'] for target in ('red', 'blue', 'green')) / 3
        assert line[name] == pytest.approx(mean)
