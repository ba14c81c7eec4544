"""Extractors of rendered handbags classify at any width, trained by the shipped configs (thesis section 5.5.1).

`make test-full` trains both at all widths.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from games import FULL

from mmgentransfer.apis import load_config, train

CONFIGS = Path(__file__).parents[2] / 'configs' / 'udit'


CASES = [(attribute, dim) for attribute in ('color', 'texture') for dim in (2, 4, 8, 16, None)]


@pytest.mark.parametrize(('attribute', 'dim'), CASES if FULL else [('color', 2), ('texture', 16), ('texture', None)])
def test_accuracy_by_width(attribute, dim, tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))
    cfg = load_config(CONFIGS / f'extractor_toy_{attribute}.py', work_dir=tmp_path / 'run')
    cfg.model.networks.classifier.reduce_dim = dim
    cfg.randomness = dict(seed=0)
    assert train(cfg)['accuracy'] >= 97
    state = torch.load(tmp_path / 'run' / 'iter_200.pth', weights_only=True)['state_dict']
    assert state['classifier.head.weight'].shape == (2, (dim or 32) * 4 * 4)
    assert ('classifier.reduction.weight' in state) == (dim is not None)
