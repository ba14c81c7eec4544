"""InferenceTime with a clock that only moves when an image is generated."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.evaluation import GenerationEvaluator, InferenceTime
from mmgentransfer.evaluation.metrics import inference_time


class Slow(nn.Module):
    """A model whose k-th image takes the k-th of the given times, in seconds."""

    def __init__(self, monkeypatch, *seconds):
        super().__init__()
        self.seconds, self.now, self.shapes = list(seconds), 0.0, []
        monkeypatch.setattr(inference_time.time, 'perf_counter', lambda: self.now)

    def draw_latents(self, num, seed=0):
        self.now += 100.0  # does not count
        return torch.zeros(num, 3)

    def generate(self, latents):
        self.shapes.append(tuple(latents.shape))
        self.now += self.seconds.pop(0)


def test_median_of_single_images_without_the_first_ones(monkeypatch):
    metric = InferenceTime(warmups=2, repeats=4)
    model = Slow(monkeypatch, 50.0, 40.0, 0.001, 0.005, 0.002, 9.0)
    metric.observe(model)
    assert metric.compute(None, None) == {'inference_ms': pytest.approx(3.5)}  # between 2 and 5 ms
    assert model.shapes == [(1, 3)] * 6


def test_it_is_asked_by_the_evaluator(monkeypatch):
    evaluator = GenerationEvaluator(extractors={}, metrics=[dict(type='InferenceTime')])
    pixels = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    evaluator.prepare([pixels], None, 'cpu')
    evaluator.observe(Slow(monkeypatch, *[7.0] * 10, *[0.004] * 100))
    evaluator.process(pixels)
    assert evaluator.evaluate() == {'inference_ms': pytest.approx(4.0)}


def test_an_accelerator_is_waited_for_before_each_look_at_the_clock(monkeypatch):
    seen = []
    model = Slow(monkeypatch, 1.0, 2.0)
    model.draw_latents = lambda num: torch.zeros(num, 3, device='meta')
    monkeypatch.setattr(inference_time.time, 'perf_counter', lambda: seen.append('clock') or 0.0)
    monkeypatch.setattr(torch.accelerator, 'synchronize', lambda device: seen.append(device.type))
    InferenceTime(warmups=1, repeats=1).observe(model)
    assert seen == ['meta', 'clock', 'meta', 'clock'] * 2


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match='got warmups=-1 and repeats=100'):
        InferenceTime(warmups=-1)
    with pytest.raises(ValueError, match='got warmups=10 and repeats=0'):
        InferenceTime(repeats=0)
    with pytest.raises(ValueError, match='a Linear does not'):
        InferenceTime().observe(nn.Linear(1, 1))
    with pytest.raises(RuntimeError, match='observe must show the model'):
        InferenceTime().compute(None, None)
