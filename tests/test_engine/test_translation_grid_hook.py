"""Pictures of a translator's training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmnets_toys import TASKS, aligned_samples, mmnets_experiment

from mmgentransfer.apis import init_model, train
from mmgentransfer.engine.hooks import TranslationGridHook
from mmgentransfer.registry import HOOKS
from mmgentransfer.visualization import read_grid, split_grid
from mmgentransfer.visualization.modalities import paint_modality, value_limits

TITLE = 40  # two lines: 'segmentation' is wider than its column
SIDE = 32


def tiles(path, rows, columns):
    """The images of a grid: (rows, columns, SIDE, SIDE, 3)."""
    grid = read_grid(path)[TITLE:]
    assert grid.shape == (rows * (SIDE + 2) + 2, columns * (SIDE + 2) + 2, 3)
    return split_grid(grid, SIDE, rows * columns).reshape(rows, columns, SIDE, SIDE, 3)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run with pictures, and the same without."""
    folder = tmp_path_factory.mktemp('grids')
    configs = []
    for name in ('with', 'without'):
        cfg = mmnets_experiment(folder / name)
        if name == 'with':
            cfg.default_hooks.sample_grid = dict(type='TranslationGridHook', num=3, num_samples=3, smallest=SIDE)
        train(cfg)
        configs.append(cfg)
    return configs


def test_schedule_and_columns(run):
    cfg = run[0]
    folder = Path(cfg.work_dir)
    assert sorted(path.name for path in (folder / 'samples').iterdir()) == [
        'iter_0000000.png',
        'iter_0000002.png',
        'iter_0000006.png',
    ]
    model = init_model(cfg, cfg.work_dir)
    truth = {name: value[[0, 2, 4]] for name, value in aligned_samples(5).items()}  # evenly spaced among five
    values = model.data_preprocessor(truth)

    def made(source, target, **options):
        output = model.predict({name: values[name] for name in source}, [target], **options)[target]
        return model.modalities[target].to_values(output)

    expected = [
        ('rgb', values['rgb']),
        ('rgb', made(['depth'], 'rgb')),
        ('segmentation', values['segmentation']),
        ('segmentation', made(['depth'], 'segmentation')),
        ('segmentation', made(['rgb', 'depth'], 'segmentation')),
        ('segmentation', made(['depth'], 'segmentation', via=['rgb'])),
        ('depth', values['depth']),
        ('depth', made(['segmentation'], 'depth')),
    ]
    found = tiles(folder / 'samples' / 'iter_0000006.png', 3, 8)
    depth = model.modalities['depth']
    limits = value_limits(depth, depth.to_pixels(values['depth']).numpy())
    for column, (name, value) in enumerate(expected):
        modality = model.modalities[name]
        painted = paint_modality(modality, modality.to_pixels(value).numpy(), limits if name == 'depth' else None)
        np.testing.assert_array_equal(found[:, column], painted.repeat(2, 1).repeat(2, 2), err_msg=str(column))
    reals = tiles(folder / 'reals.png', 3, 3)
    np.testing.assert_array_equal(reals, found[:, [0, 2, 6]])
    start = tiles(folder / 'fakes_init.png', 3, 8)
    np.testing.assert_array_equal(start, tiles(folder / 'samples' / 'iter_0000000.png', 3, 8))
    np.testing.assert_array_equal(start[:, [0, 2, 6]], reals)
    assert not np.array_equal(start[:, 3], found[:, 3]), 'the networks have learned something'


def test_drawing_changes_nothing(run):
    drawn, plain = (init_model(cfg, cfg.work_dir).state_dict() for cfg in run)
    assert all((plain[name] == value).all() for name, value in drawn.items())


def test_some_tasks_at_an_interval(tmp_path):
    cfg = mmnets_experiment(tmp_path / 'some')
    hook = dict(type='TranslationGridHook', num=None, interval=4, num_samples=9, tasks=['S2D'], smallest=SIDE)
    cfg.default_hooks.sample_grid = hook
    train(cfg)
    assert sorted(path.stem for path in (tmp_path / 'some' / 'samples').iterdir()) == [
        'iter_0000000',
        'iter_0000004',
        'iter_0000006',
    ]
    # five samples in all; colour, labels, depth and S2D
    tiles(tmp_path / 'some' / 'samples' / 'iter_0000006.png', 5, 4)


def test_wrong_settings(tmp_path):
    for kwargs, message in (
        (dict(num=3, interval=4), 'either num'),
        (dict(num=None), 'either num'),
        (dict(num_samples=0), 'num_samples=0 and smallest=64 must be at least 1'),
    ):
        with pytest.raises(ValueError, match=message):
            HOOKS.build(dict(type='TranslationGridHook', **kwargs))
    hook = TranslationGridHook(tasks=['D2'])
    with pytest.raises(ValueError, match=r"tasks has 'D2'; those of val_cfg are \['D2S', .*Did you mean 'D2[SR]'"):
        hook._chosen(TASKS)
    with pytest.raises(ValueError, match='must be a TranslationLoop'):
        hook._chosen(None)
