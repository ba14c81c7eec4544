"""Small components that stand in for networks in the tests of evaluation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.registry import EXTRACTORS, MODELS


@EXTRACTORS.register_module(force=True)
class CountingExtractor(nn.Module):
    """Mean and spread of each image as features, the same as logits; counts its calls over all instances."""

    calls: dict[str, int] = {}
    images_seen: dict[str, int] = {}

    def __init__(self, name='counting', scale=1.0, weights_missing=None):
        super().__init__()
        self.name, self.scale, self.weights_missing = name, scale, weights_missing

    def missing(self):
        return self.weights_missing

    def fingerprint(self):
        return f'{self.name}-{self.scale}'

    def forward(self, images):
        self.calls[self.name] = self.calls.get(self.name, 0) + 1
        self.images_seen[self.name] = self.images_seen.get(self.name, 0) + len(images)
        flat = images.float().flatten(1) / 255.0
        features = self.scale * torch.stack([flat.mean(1), flat.std(1)], dim=1)
        return {'features': features, 'logits': features}


@MODELS.register_module(force=True)
class MeanPixelCritic(nn.Module):
    """Scores an image by ``scale`` times its mean pixel in [0, 1]; as a pair with logits if ``paired``."""

    def __init__(self, paired=False):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.paired = paired

    def forward(self, images):
        scores = self.scale * (images.flatten(1).mean(1) + 1) / 2
        return (scores, images.flatten(1)) if self.paired else scores


@MODELS.register_module(force=True)
class TinyClassifier(nn.Module):
    """Linear classifier of 4 px grey images with four hidden features."""

    def __init__(self, num_classes=3):
        super().__init__()
        self.hidden = nn.Linear(16, 4)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, num_classes))

    def features(self, images):
        return self.hidden(images.flatten(1)).relu()

    def forward(self, images):
        return self.head(self.features(images))


@pytest.fixture
def calls():
    """The number of calls of each CountingExtractor, by its name."""
    CountingExtractor.calls.clear()
    CountingExtractor.images_seen.clear()
    return CountingExtractor.calls
