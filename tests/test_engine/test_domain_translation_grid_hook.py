"""Pictures of the training of a translator between domains."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from domain_toys import COLOURS, SIDE, Painter, toy_objects
from mmengine.registry import DefaultScope
from sdit_toys import sdit_config
from translator_toys import build

from mmgentransfer.datasets import ToyAttributeFaces
from mmgentransfer.engine.hooks import DomainTranslationGridHook
from mmgentransfer.registry import HOOKS
from mmgentransfer.visualization import read_grid
from mmgentransfer.visualization.modalities import overlay_values
from mmgentransfer.visualization.report import write_report

THREE = dict(networks__generator__num_domains=3, networks__discriminator__num_domains=3)


def runner_of(model, dataset, folder, max_iters=3):
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    return SimpleNamespace(model=model, val_loop=loop, max_iters=max_iters, iter=0, work_dir=str(folder))


def painter(attends=False, **options):
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return Painter(attends=attends, **options).eval()


def cells(path, rows, columns):
    grid, step = read_grid(path), SIDE + 2
    grid = grid[-(rows * step + 2) :, -(columns * step + 2) :]
    return np.array(
        [[grid[r * step + 2 :][:SIDE, c * step + 2 :][:, :SIDE] for c in range(columns)] for r in range(rows)]
    )


def train(hook, runner):
    hook.before_train(runner)
    for iteration in range(runner.max_iters):
        runner.iter = iteration
        with torch.no_grad():
            runner.model.generator.strength += 0.2
        hook.after_train_iter(runner, iteration)
    hook.after_train(runner)


def test_grids_of_domains(tmp_path):
    model, data = painter(), toy_objects(2)
    hook = HOOKS.build(
        dict(type='DomainTranslationGridHook', num=None, interval=2, num_images=3, num_samples=2, smallest=SIDE, seed=4)
    )
    train(hook, runner_of(model, data, tmp_path))
    assert sorted(path.name for path in (tmp_path / 'samples').iterdir()) == [f'iter_{k:07d}.png' for k in (0, 2, 3)]
    assert (tmp_path / 'samples' / 'iter_0000000.png').read_bytes() == (tmp_path / 'fakes_init.png').read_bytes()
    rows = [0, 2, 5]  # evenly spaced among six
    inputs = data.images[rows].movedim(1, -1).numpy()
    shown = cells(tmp_path / 'samples' / 'iter_0000003.png', 3, 7)
    assert np.array_equal(shown[:, 0], inputs)
    for place, name in enumerate(COLOURS):
        expected = model.translate(inputs, name, 2, seed=4)
        for row, label in enumerate(data.labels[rows].tolist()):
            made = shown[row, 1 + 2 * place : 3 + 2 * place]
            assert (made == 255).all() if label == place else np.array_equal(made, expected[row])
    strip = cells(tmp_path / 'translations.png', 3, 4)
    assert np.array_equal(strip[:, 0], inputs)
    assert np.array_equal(strip[0, 3], shown[0, 3])  # the first target that a red object is not in
    assert not np.array_equal(strip[:, 1], strip[:, 3])
    runs = [dict(name='run', work_dir=tmp_path)]
    write_report(tmp_path / 'report.html', 'title', 'intro', [['a'], ['b']], runs)
    assert 'run: translations over the iterations' in Path(tmp_path / 'report.html').read_text()


@pytest.mark.parametrize('channels', [3, 1])
def test_attention_follows_the_outputs_of_each_target(tmp_path, channels):
    options = dict(data_preprocessor=dict(type='ImagePreprocessor')) if channels == 1 else {}
    model, data = painter(attends=True, **options), toy_objects(2)
    data.images = data.images[:, :channels]
    train(DomainTranslationGridHook(num_images=3, num_samples=2, smallest=SIDE), runner_of(model, data, tmp_path))
    inputs = data.images[[0, 2, 5]].movedim(1, -1).numpy()
    shown = cells(tmp_path / 'samples' / 'iter_0000003.png', 3, 10)
    for place, name in enumerate(COLOURS):
        outputs, maps = model.translate(inputs, name, 2, return_attention=True)
        wanted = np.concatenate([outputs.repeat(3 // channels, -1), overlay_values(inputs, maps)[:, None]], axis=1)
        for row, label in enumerate(data.labels[[0, 2, 5]].tolist()):
            made = shown[row, 1 + 3 * place : 4 + 3 * place]
            assert (made == 255).all() if label == place else np.array_equal(made, wanted[row])
    write_report(tmp_path / 'report.html', 'title', 'intro', [['a'], ['b']], [dict(name='run', work_dir=tmp_path)])
    last = base64.b64encode((tmp_path / 'samples' / 'iter_0000003.png').read_bytes()).decode()
    assert last in (tmp_path / 'report.html').read_text()


def test_an_image_is_encoded_once_for_its_outputs_and_its_attention(tmp_path):
    model, data = build(sdit_config(domains=list(COLOURS), **THREE)).eval(), toy_objects(2)
    calls = []
    model.generator.encoder.register_forward_hook(lambda m, i, o: calls.append(len(o)))
    DomainTranslationGridHook(num_images=6, smallest=SIDE).before_train(runner_of(model, data, tmp_path))
    assert calls == [4, 4, 4]


def test_of_many_targets_some_are_drawn(tmp_path):
    hook = DomainTranslationGridHook(max_targets=2, num_images=2, smallest=SIDE)
    hook.before_train(runner_of(painter(), toy_objects(2), tmp_path))
    assert hook._names == [COLOURS[0], COLOURS[-1]]


def test_attributes_are_flipped(tmp_path):
    names = ('bangs', 'smile')
    model = painter(domains=names, width=None, exclusive=False)
    data = ToyAttributeFaces(4, SIDE, selected=names)
    train(DomainTranslationGridHook(num_images=4, targets=['smile'], smallest=SIDE), runner_of(model, data, tmp_path))
    flipped = data.labels.float()
    flipped[:, 1] = 1 - flipped[:, 1]
    inputs = data.images.movedim(1, -1).numpy()
    shown = cells(tmp_path / 'samples' / 'iter_0000003.png', 4, 2)
    assert np.array_equal(shown[:, 1], model.translate(inputs, flipped))


@pytest.mark.parametrize(
    ('options', 'words'),
    [(dict(interval=3), 'either num'), (dict(num_images=0), 'num_images=0'), (dict(smallest=0), 'smallest=0')],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        DomainTranslationGridHook(**options)


def test_bad_runs(tmp_path):
    with pytest.raises(ValueError, match=r"targets has 'blu'.*Did you mean 'blue'"):
        DomainTranslationGridHook(targets=['blu']).before_train(runner_of(painter(), toy_objects(2), tmp_path))
    with pytest.raises(ValueError, match='a Linear is none'):
        DomainTranslationGridHook().before_train(runner_of(torch.nn.Linear(1, 1), toy_objects(2), tmp_path))
