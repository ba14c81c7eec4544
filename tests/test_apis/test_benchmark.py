"""Timing the training step."""

from pathlib import Path

import pytest

from mmgentransfer.apis import load_config
from mmgentransfer.apis.benchmark import benchmark_step

ROOT = Path(__file__).parents[2]
SMALL = {'model.networks.critic.dim': 2, 'train_dataloader.batch_size': 6}


def test_every_stage_is_timed(tmp_path):
    options = {**SMALL, 'model.networks.generators.0.dim': 2}
    timings, memory = benchmark_step(load_config(ROOT / 'configs/minegan/digits.py', options), iters=3, device='cpu')
    assert [timing.stage for timing in timings] == ['mine', 'finetune']
    for timing in timings:
        assert (len(timing.steps), len(timing.bares)) == (3, 3)
        assert sorted(timing.steps)[1] == timing.step
        assert timing.ratio == timing.step / timing.bare
        assert timing.preprocessing < timing.step
    assert memory > 2**20


def test_what_is_no_gan_is_refused():
    with pytest.raises(ValueError, match='not ImageClassifier'):
        benchmark_step(load_config(ROOT / 'configs/classifiers/digits_28.py'), iters=1, device='cpu')


def test_mixed_precision_needs_an_accelerator():
    with pytest.raises(ValueError, match='needs an accelerator'):
        benchmark_step(load_config(ROOT / 'configs/minegan/digits.py'), iters=1, amp=True, device='cpu')
