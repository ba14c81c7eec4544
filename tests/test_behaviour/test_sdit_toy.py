"""SDIT between four hues: what the latent code loss does, and what the metrics see. Three quarters of a CPU minute.

`make test-full` runs three seeds, for as long as the bounds were measured with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from games import FULL, build, optimisers
from torch import Tensor, nn

from mmgentransfer.apis import load_config
from mmgentransfer.registry import DATASETS

CONFIG = Path(__file__).parents[2] / 'configs/sdit/toy16_sdit.py'
ITERS = 600 if FULL else 400
SEEDS = (0, 1, 2) if FULL else (0,)


def read(images: Tensor) -> Tensor:
    return images.float() / 127.5 - 1


def trained_classifier(images: Tensor, labels: Tensor) -> Callable[[Tensor], Tensor]:
    """A network of three convolutions after 300 steps; tells the hue of uint8 images."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for i, o in ((3, 16), (16, 32), (32, 32)):
        layers += [nn.Conv2d(i, o, 3, stride=2, padding=1), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 4))
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        index = torch.randint(len(images), (64,), generator=generator)
        loss = nn.functional.cross_entropy(net(read(images[index])), labels[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return lambda given: net(read(given)).argmax(1)


@functools.cache
def data():
    cfg = load_config(CONFIG)
    return cfg, *(DATASETS.build(cfg[f'{name}_dataloader'].dataset) for name in ('train', 'val'))


@pytest.fixture(scope='module')
def judge():
    _, train, _ = data()
    return trained_classifier(train.images, train.labels)


@functools.cache
@torch.enable_grad()
def translations(seed: int, weight: float) -> tuple[dict[str, np.ndarray], list[str]]:
    """Ten translations each of 60 images to every hue, after training with a weight of the latent code loss."""
    cfg, train, test = data()
    model_cfg = cfg.model.to_dict()
    for name in ('discriminator_latent', 'generator_latent'):
        model_cfg['losses'][name]['loss_weight'] = weight
    model = build(model_cfg, seed)
    wrappers = optimisers(model, 1e-3, (0.5, 0.999))
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for iteration in range(ITERS):
        index = torch.randint(len(train), (12,), generator=generator)
        model.train_step(dict(images=train.images[index], labels=train.labels[index]), wrappers, iteration, seed)
    images = test.images.permute(0, 2, 3, 1).numpy()
    outputs = {}
    for label, name in enumerate(model.domains):
        rows = np.flatnonzero(test.labels.numpy() != label)[::5]
        outputs[name] = model.translate(images[rows], name, num_samples=10).transpose(0, 1, 4, 2, 3)
    return outputs, sorted({name.split('.')[0] for name in model.state_dict()})


def diversity(outputs: dict[str, np.ndarray]) -> float:
    """Mean absolute difference in [-1, 1] of all pairs of an input's translations."""
    first, second = np.triu_indices(10, 1)
    values = [found.astype(np.float32) / 127.5 for found in outputs.values()]
    return float(np.mean([np.abs(found[:, first] - found[:, second]).mean() for found in values]))


@pytest.mark.parametrize('seed', SEEDS)
def test_outputs_differ_if_the_code_must_be_readable(seed):
    with_code, without = diversity(translations(seed, 3.0)[0]), diversity(translations(seed, 0.0)[0])
    print(f'seed {seed}: diversity {with_code:.4f} with the latent code loss, {without:.4f} without')
    assert with_code >= 3 * without


def test_one_generator_reaches_every_hue(judge):
    shares = []
    for seed in SEEDS:
        outputs, networks = translations(seed, 3.0)
        right = [
            (judge(torch.from_numpy(found[:, 0])) == label).float().mean().item()
            for label, found in enumerate(outputs.values())
        ]
        shares.append(np.mean(right))
        assert networks == ['discriminator', 'generator']
    print(f'right targets by seed: {shares}')
    assert min(shares) >= 0.9
    assert np.mean(shares) >= 0.95


def test_reverse_classification_sees_a_collapse(judge):
    """One image of a hue, again and again, is recognised but teaches little."""
    _, train, test = data()
    assert (judge(test.images) == test.labels).float().mean() >= 0.97
    first = torch.stack([train.images[train.labels == label][0] for label in range(4)])
    assert judge(first).tolist() == [0, 1, 2, 3]
    collapsed = trained_classifier(first.repeat_interleave(100, 0), torch.arange(4).repeat_interleave(100))
    assert (collapsed(test.images) == test.labels).float().mean() <= 0.85
