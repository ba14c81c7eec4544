"""A GAN of digits that trains for two iterations in a moment, and its sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOY = """
_base_ = {base!r}
model = dict(networks=dict(generator=dict(dim=2), critic=dict(dim=2)))
train_dataloader = dict(batch_size=6, dataset=dict(classes=[9], split='train', num_images=20))
train_cfg = dict(max_iters=2, val_interval=2)
val_cfg = dict(num_images=8)
val_evaluator = dict(_delete_=True, type='GenerationEvaluator', extractors=dict(), metrics=[dict(type='MeanVariance')])
test_cfg = dict(num_images=8)
test_evaluator = dict(_delete_=True, type='GenerationEvaluator', extractors=dict(), metrics=[dict(type='MeanVariance')])
visualizer = dict(vis_backends=[])
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=1), sample_grid=None)
"""


def write_toy_config(path: Path) -> Path:
    path.write_text(TOY.format(base=str(ROOT / 'configs/transfergan/digits_source.py')))
    return path


@pytest.fixture
def toy_config(tmp_path) -> Path:
    """A config file; MMEngine keeps loggers by its name, so the name is the test's own."""
    return write_toy_config(tmp_path / f'{tmp_path.name}.py')


@pytest.fixture(scope='session')
def write_config():
    """Writes the toy config, for fixtures that live longer than a test."""
    return write_toy_config
