"""Handbags whose texture is to change: MUNIT changes the colour as well, and UDIT does not (thesis section 5.6.7)."""

from __future__ import annotations

import pytest
import torch
import udit_toys as toys
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.datasets import ToyObjects
from mmgentransfer.evaluation.functional import confidence_drop, misclassification_rate
from mmgentransfer.registry import MODELS

ITERATIONS, SAMPLES = 200, 5


def cells(seed: int, num: int) -> ToyObjects:
    return ToyObjects(
        counts={f'{t} {c}': num for t in ('plain', 'stripes') for c in ('red', 'black')}, seed=seed, **toys.BAGS
    )


def classifier(attribute: str, seed: int, reduce_dim: int | None, epochs: int) -> nn.Module:
    """Trains on 1,000 images of its own, as many of each colour and texture."""
    data = cells(seed, 250)
    values = dict(colour=('red', 'black'), texture=('plain', 'stripes'))[attribute]
    images, labels = data.images / 255, torch.tensor([values.index(v) for v in data.attributes[attribute]])
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        network = MODELS.build(toys.extractor(reduce_dim))
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(50):
            optimiser.zero_grad()
            F.cross_entropy(network(images[rows]), labels[rows]).backward()
            optimiser.step()
    test = cells(seed + 100, 50)
    truth = torch.tensor([values.index(v) for v in test.attributes[attribute]])
    with torch.no_grad():
        assert (network(test.images / 255).argmax(1) == truth).float().mean() >= 0.97
    return network.eval()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('extractor') / 'iter_1.pth'
    state = classifier('colour', 11, 8, 4).state_dict()
    torch.save(dict(state_dict={f'classifier.{key}': value for key, value in state.items()}), path)
    return path


def translated(kind: str, terms: dict) -> tuple[Tensor, Tensor]:
    """Trains, and returns 100 flat red bags and their translations (100, K), both in [0, 1]."""
    model = toys.build(kind, base_channels=8, seed=0, losses=toys.losses(**terms))
    wrappers, data = toys.optimisers(model, lr=1e-3), toys.bags()
    model.check_dataset(data)
    generator = torch.Generator().manual_seed(0)
    for iteration in range(ITERATIONS):
        rows = torch.randint(len(data), (8,), generator=generator).tolist()
        model.train_step(data.__getitems__(rows), wrappers, iteration=iteration)
    inputs = ToyObjects(counts={'plain red': 100}, split='test', **toys.BAGS).images
    outputs = model.translate(inputs.movedim(1, -1).numpy(), 'textured', num_samples=SAMPLES)
    return inputs / 255, torch.from_numpy(outputs).movedim(-1, 2) / 255


def test_the_constraint_removes_the_bias(folder):
    colour, texture = classifier('colour', 13, None, 4), classifier('texture', 14, None, 8)
    init = dict(type='TransferredWeights', prefix='classifier', checkpoint=str(folder))
    constraint = dict(type='SemanticConstraintLoss', loss_weight=1, extractor=toys.extractor(8, init_cfg=init))
    wrong, dropped, changed = {}, {}, {}
    for kind, terms in (('MUNIT', {}), ('UDIT', dict(semantic=constraint))):
        inputs, outputs = translated(kind, terms)
        with torch.no_grad():
            before = colour(inputs).numpy()
            after = colour(outputs.flatten(0, 1)).unflatten(0, (100, SAMPLES)).numpy()
            changed[kind] = (texture(outputs.flatten(0, 1)).argmax(1) == 1).float().mean().item()
        red = torch.zeros(100, dtype=torch.int64).numpy()
        wrong[kind] = misclassification_rate(after, red)
        dropped[kind] = confidence_drop(before, after, red)
    print(f'misclassified {wrong}, confidence drop {dropped}, wanted change {changed}')
    assert wrong['MUNIT'] >= 0.6
    assert dropped['MUNIT'] >= 0.6
    assert changed['MUNIT'] >= 0.8
    assert wrong['UDIT'] <= min(0.15, wrong['MUNIT'] - 0.5)
    assert dropped['UDIT'] <= 0.15
    assert changed['UDIT'] >= 0.9
