"""Small DGN-AM and PPGN models for their tests: linear networks, whose gradients are known, and random ones."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import nn

from mmgentransfer.registry import MODELS

PIXELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 2.0]])
LOGITS = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 1.0]])
# a logit by the code: (1, 0) for class 0, (0, 1) + 2 (1, 1) + (0, 2) = (2, 5) for class 1


@MODELS.register_module(force=True)
class LinearGenerator(BaseModule):
    noise_size, num_classes, image_size, out_channels = 2, 0, 2, 1

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(PIXELS.clone())

    def forward(self, z):
        return (z @ self.weight.T).unflatten(1, (1, 2, 2))


@MODELS.register_module(force=True)
class LinearClassifier(BaseModule):
    num_classes, image_size, in_channels = 2, 2, 1

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(LOGITS.clone())

    def forward(self, images):
        return images.flatten(1) @ self.weight.T


def linear(**settings) -> dict:
    """The config of a DGN-AM on linear networks."""
    return dict(
        dict(
            type='DGNAM',
            data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
            networks=dict(generator=dict(type='LinearGenerator'), classifier=dict(type='LinearClassifier')),
            target=1,
        ),
        **settings,
    )


def digits(**settings) -> dict:
    """The config of a DGN-AM on small random networks of digits."""
    networks = dict(
        generator=dict(type='WGANGPGenerator28', noise_size=16, dim=4),
        classifier=dict(type='DigitClassifier', width=2),
    )
    return linear(networks=networks, **{'target': 3, 'steps': 8, **settings})


def biggan(**settings) -> dict:
    networks = dict(
        generator=dict(type='BigGANGenerator', image_size=32, base_channels=4, noise_size=16, embedding_size=8),
        classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, width=2),
    )
    networks['generator']['num_classes'] = 10
    return linear(networks=networks, data_preprocessor=None, **{'target': 3, 'steps': 2, **settings})


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a module's state."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
