"""Unpaired M&MNets recolour between colours that never met (thesis fig. 4.5), in half a minute."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mmgentransfer.apis import init_model, load_config, train
from mmgentransfer.datasets import ToyObjects

CONFIG = Path(__file__).parents[2] / 'configs/mmnets/toy_colors.py'


def chroma(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The mean colour inside the mask, without its grey part: (N, 3)."""
    mean = (images * masks).sum((1, 2)) / masks.sum((1, 2))
    return mean - mean.mean(1, keepdims=True)


@pytest.fixture(scope='module')
def recoloured(tmp_path_factory):
    """By (source, target): share of objects of the target's colour, and mean change of the background."""
    work_dir = tmp_path_factory.mktemp('colours')
    cfg = load_config(CONFIG, work_dir=work_dir)
    train(cfg)
    model = init_model(cfg, str(work_dir))
    options = {key: value for key, value in cfg.train_dataloader.dataset.dataset.items() if key != 'type'}
    data = ToyObjects(**options | dict(split='test', num_per_class=20, with_masks=True))
    images = data.images.permute(0, 2, 3, 1).numpy()
    masks = data.masks.permute(0, 2, 3, 1).numpy()
    inside, outside = masks == 255, masks == 0
    of = {name: np.flatnonzero(data.labels.numpy() == label) for label, name in enumerate(data.classes)}
    palette = np.stack([chroma(images[rows], inside[rows]).mean(0) for rows in of.values()])
    scores = {}
    for source, (label, target) in product(of, enumerate(of)):
        rows = of[source]
        output = model.translate({source: images[rows]}, target)
        colours = chroma(output, inside[rows])
        cosines = colours @ palette.T / np.linalg.norm(colours, axis=1, keepdims=True) / np.linalg.norm(palette, axis=1)
        change = np.abs(output.astype(float) - images[rows]) / 127.5
        scores[source, target] = (cosines.argmax(1) == label).mean(), change[outside[rows][..., 0]].mean()
    return scores


def mean(scores, wanted):
    return np.mean([score for pair, score in scores.items() if wanted(*pair)], axis=0)


def test_unseen_translations_recolour(recoloured):
    assert mean(recoloured, lambda a, b: a != b and 'blue' in (a, b))[0] >= 0.9
    accuracy, background = mean(recoloured, lambda a, b: a != b and 'blue' not in (a, b))
    assert accuracy >= 0.9
    assert background <= 0.27


def test_colours_are_kept_where_none_is_asked_for(recoloured):
    assert mean(recoloured, lambda a, b: a == b)[0] >= 0.9
