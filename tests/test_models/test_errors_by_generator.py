"""The tool that tells which of several mined generators makes wrong samples."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/errors_by_generator.py'


class Mined:
    """Two generators: the first makes black images, the second white ones in three cases of four."""

    selector = SimpleNamespace(probabilities=torch.tensor([0.25, 0.75]))

    def sample(self, num, seed, generator_index=None):
        images = np.zeros((num, 2, 2, 1), np.uint8)
        if generator_index is None:
            images[num // 2 :] = 255
        elif generator_index == 1:
            images[num // 4 :] = 255
        return images


class Brightness:
    def classify(self, images):
        return (images[:, 0, 0, 0] > 0).long()


@pytest.mark.parametrize(('generator', 'expected'), [(0, (0.25, 50.0, 100.0)), (1, (0.75, 50.0, 25.0))])
def test_errors(generator, expected, monkeypatch):
    spec = importlib.util.spec_from_file_location('errors_by_generator', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, 'init_model', lambda config, run: Mined())
    assert tool.errors('run', Brightness(), target=1, generator=generator, num=40) == expected
