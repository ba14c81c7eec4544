"""MUNIT and UDIT trained on rendered handbags, scored by classifiers that neither was trained with."""

from __future__ import annotations

import functools

import numpy as np
import torch
import udit_toys as toys
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.datasets import ToyObjects, UnpairedDomains
from mmgentransfer.evaluation.functional import confidence_drop, misclassification_rate
from mmgentransfer.registry import MODELS

VALUES = dict(colour=('red', 'black'), texture=('plain', 'stripes'))
# the other attribute of each, which is to stay; the domains' images, and their test images
KEPT = dict(texture='colour', colour='texture')
DOMAINS = dict(
    texture=dict(flat={'plain red': 1256}, textured={'stripes black': 1100, 'stripes red': 100}),
    colour=dict(black={'plain black': 755}, red={'stripes red': 1000, 'plain red': 100}),
)
INPUTS = dict(texture={'plain red': 100}, colour={'plain black': 100})
WANTED = dict(texture=1, colour=0)  # index of the target's value
EXTRACTOR_SEED, COLOUR_SEED, TEXTURE_SEED = 11, 13, 14
NOISE = 0.05  # in the training images of the classifier that judges textures which are to stay


def cells(seed: int, num: int) -> ToyObjects:
    return ToyObjects(
        counts={f'{t} {c}': num for t in VALUES['texture'] for c in VALUES['colour']}, seed=seed, **toys.BAGS
    )


@functools.cache
@torch.enable_grad()
def classifier(attribute: str, seed: int, reduce_dim: int | None, epochs: int, noise: float = 0.0) -> nn.Module:
    """Trains on 1,000 images of its own, as many of each colour and texture; noise of values in [0, 1] is added."""
    data, values = cells(seed, 250), VALUES[attribute]
    images, labels = data.images / 255, torch.tensor([values.index(v) for v in data.attributes[attribute]])
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        network = MODELS.build(toys.extractor(reduce_dim))
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(50):
            optimiser.zero_grad()
            seen = (images[rows] + noise * torch.randn(images[rows].shape)).clamp(0, 1) if noise else images[rows]
            F.cross_entropy(network(seen), labels[rows]).backward()
            optimiser.step()
    test = cells(seed + 100, 50)
    truth = torch.tensor([values.index(v) for v in test.attributes[attribute]])
    with torch.no_grad():
        assert (network(test.images / 255).argmax(1) == truth).float().mean() >= 0.97
    return network.eval()


@functools.cache
@torch.enable_grad()
def scores(
    kind: str,
    seed: int,
    iters: int,
    lr: float,
    samples: int,
    changed: str = 'texture',
    reduce_dim: int | None = 8,
    weight: float = 1.0,
    pooling_indices: bool = False,
) -> dict[str, float]:
    """Trains a MUNIT or UDIT that changes an attribute, and scores translations of 100 test bags.

    Misclassified share and confidence drop of the attribute that is to stay, share of outputs with the other one's new
    value, mean distance in [-1, 1] of an input's outputs, mean error of reconstructions.
    """
    kept, terms = KEPT[changed], {}
    if kind == 'UDIT':
        terms['semantic'] = toys.constraint(extractor=toys.extractor(reduce_dim), loss_weight=weight)
    family = dict(networks=pooling_networks()) if pooling_indices else {}
    domains = list(DOMAINS[changed])
    model = toys.build(kind, base_channels=8, seed=seed, losses=toys.losses(**terms), domains=domains, **family)
    if kind == 'UDIT':
        epochs = dict(colour=4, texture=8)[kept]
        model.losses['semantic'].network.load_state_dict(
            classifier(kept, EXTRACTOR_SEED, reduce_dim, epochs).state_dict()
        )
    data = UnpairedDomains(domains={n: ToyObjects(counts=c, **toys.BAGS) for n, c in DOMAINS[changed].items()})
    model.check_dataset(data)
    wrappers, generator = toys.optimisers(model, lr), torch.Generator().manual_seed(seed)
    for iteration in range(iters):
        rows = torch.randint(len(data), (8,), generator=generator).tolist()
        model.train_step(data.__getitems__(rows), wrappers, iteration, seed)
    inputs = ToyObjects(counts=INPUTS[changed], split='test', **toys.BAGS).images
    images = inputs.movedim(1, -1).numpy()
    outputs = model.translate(images, domains[1], num_samples=samples)
    rebuilt = model.reconstruct(images, domains[0])
    found = judged(inputs / 255, torch.from_numpy(outputs).movedim(-1, 2) / 255, changed)
    found['reconstruction'] = float(np.abs(rebuilt / 127.5 - images / 127.5).mean())
    choice = f'{kind}, seed {seed}, {changed} changed, D {reduce_dim}, weight {weight}, indices {pooling_indices}'
    rounded = {name: round(value, 3) for name, value in found.items()}
    print(f'{choice}: {rounded}')
    return found


def pooling_networks() -> dict[str, dict]:
    """Networks with pooling indices for 16x16, which pool once."""
    pool = dict(num_res=1, kernel=7, res_kernel=3, base_channels=16, multipliers=(1,))
    return toys.networks() | dict(
        content_encoders=dict(type='PoolIndexContentEncoder', **pool),
        style_encoders=dict(type='PoolIndexStyleEncoder', base_channels=8),
        decoders=dict(type='PoolIndexDecoder', mlp_channels=64, **pool),
    )


@torch.no_grad()
def judged(inputs: Tensor, outputs: Tensor, changed: str) -> dict[str, float]:
    """Scores outputs (N, K, 3, 16, 16) of inputs (N, 3, 16, 16), both in [0, 1].

    A classifier of clean textures takes the faint artefacts of a translator for another texture. So the one that judges
    whether the texture has stayed is trained on noisy images; ``wrong_clean`` is what the other one says.
    """
    nets = dict(colour=classifier('colour', COLOUR_SEED, None, 4), texture=classifier('texture', TEXTURE_SEED, None, 8))
    kept, new = nets[KEPT[changed]], nets[changed](outputs.flatten(0, 1)).argmax(1)
    before, after = kept(inputs).numpy(), kept(outputs.flatten(0, 1)).unflatten(0, outputs.shape[:2]).numpy()
    own = torch.zeros(len(inputs), dtype=torch.int64).numpy()  # red bags, or plain ones
    first, second = np.triu_indices(outputs.shape[1], 1)
    robust = {}
    if changed == 'colour':
        robust['wrong_clean'] = misclassification_rate(after, own)
        kept = classifier('texture', TEXTURE_SEED, None, 8, NOISE)
        before, after = kept(inputs).numpy(), kept(outputs.flatten(0, 1)).unflatten(0, outputs.shape[:2]).numpy()
    return dict(
        **robust,
        wrong=misclassification_rate(after, own),
        dropped=confidence_drop(before, after, own),
        changed=(new == WANTED[changed]).float().mean().item(),
        diversity=2 * (outputs[:, first] - outputs[:, second]).abs().mean().item(),
    )
