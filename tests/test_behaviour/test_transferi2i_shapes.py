"""TransferI2I from red discs to blue squares: what self-initialisation is for, and that the three stages work."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from transferi2i_toys import biggan_config

from mmgentransfer.datasets import ToyObjects
from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.registry import MODELS

LOOK = dict(image_size=16, background_range=(0.05, 0.15), noise=0.05, size=(0.35, 0.55), position=(0.1, 0.9))
TASK = dict(shapes=('disc', 'square'), colours=('red', 'blue'), labelled='shape', **LOOK)
BATCH = 16
STAGES = ('st_init', 'self_init', 'transfer')
PRETRAINING, FINETUNING, ALIGNING, TRANSFER = 600, 300, 150, 50


def optimisers(model):
    fast = dict(custom_keys=dict(encoder=dict(lr_mult=4.0), adaptor=dict(lr_mult=4.0)))
    adam = dict(type='Adam', betas=(0.0, 0.999))
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return PlayerOptimWrappers(
            dict(
                discriminator=dict(optimizer=dict(lr=8e-4, **adam)),
                generator=dict(optimizer=dict(lr=2e-4, **adam), paramwise_cfg=fast),
            )
        )(model)


def train(model, stage, iters, data=None):
    """Trains a stage, with new optimisers, on random batches of ``data``."""
    model.enter_stage(STAGES.index(stage))
    model.begin_stage()
    model.train()
    wrappers, generator = optimisers(model), torch.Generator().manual_seed(0)
    for iteration in range(iters):
        batch = None
        if data is not None:
            images, sources = torch.randint(len(data), (2, BATCH), generator=generator)
            batch = {**data.__getitems__(images.tolist()), 'sources': data.images[sources]}
        model.train_step(batch, wrappers, iteration=iteration, batch_size=BATCH)
    return model


def misalignment(model):
    """The mean of L_ali at each tap over the mean size of the generator's features."""
    model.eval()
    z = torch.randn(200, model.generator.noise_size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        images, taps = model.generator(z, torch.arange(200) % 2, return_taps=True)
        adapted = model.adaptor(model.discriminator.features(images))
    return {side: ((adapted[side] - taps[side]).abs().mean() / taps[side].abs().mean()).item() for side in model.taps}


def foreground(images):
    pixels = images.astype(np.float64) / 127.5 - 1
    border = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)
    return (np.abs(pixels - np.median(border, axis=1)[:, None, None]).mean(-1) - 0.15).clip(0)


def centroids(images):
    weights = foreground(images) + 1e-9
    weights /= weights.sum((1, 2), keepdims=True)
    rows, columns = np.mgrid[:16, :16]
    return np.stack([(weights * rows).sum((1, 2)), (weights * columns).sum((1, 2))], axis=1)


def scores(model, images):
    """Mean distance of the objects' centroids in inputs and outputs, and the share of outputs that are rather blue."""
    outputs = model.eval().translate(images, 'class 1')
    distance = np.linalg.norm(centroids(images) - centroids(outputs), axis=1).mean()
    colours = (outputs * foreground(outputs)[..., None]).sum((1, 2))
    return distance, (colours[:, 2] > colours[:, 0]).mean()


@pytest.fixture(scope='module')
def models():
    """The GAN of triangles and crosses, after source-target initialisation, and after self-initialisation as well."""
    colours = ('red', 'blue', 'green', 'yellow', 'purple', 'turquoise', 'orange', 'pink')
    source = ToyObjects(num_per_class=1000, shapes=('triangle', 'cross'), colours=colours, labelled='shape', **LOOK)
    task = ToyObjects(counts={'red disc': 100, 'blue square': 100}, **TASK)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(biggan_config(16, 16))
    model.init_weights()
    train(model, 'st_init', PRETRAINING, source)
    initialised = train(copy.deepcopy(model), 'st_init', FINETUNING, task)
    aligned = train(copy.deepcopy(initialised), 'self_init', ALIGNING)
    return dict(source=model, initialised=initialised, aligned=aligned, task=task)


@pytest.fixture(scope='module')
def discs():
    return ToyObjects(counts={'red disc': 100}, split='test', **TASK).images.movedim(1, -1).numpy()


def test_self_initialisation_aligns_the_adaptor(models):
    fresh, aligned = misalignment(models['initialised']), misalignment(models['aligned'])
    for side in (4, 8):
        assert aligned[side] < 0.8 * fresh[side]


@pytest.fixture(scope='module')
def whole(models, discs):
    """Scores of the three stages together."""
    return scores(train(copy.deepcopy(models['aligned']), 'transfer', TRANSFER, models['task']), discs)


def test_the_whole_chain(whole):
    distance, blue = whole
    assert distance < 1.5  # 3 to 4 between an input and the translation of another
    assert blue > 0.9


def test_self_initialisation_keeps_the_structure(models, discs, whole):
    model = train(copy.deepcopy(models['initialised']), 'transfer', TRANSFER, models['task'])
    assert scores(model, discs)[0] > whole[0] + 1.0


def test_source_target_initialisation_reaches_the_target(models, discs, whole):
    model = train(copy.deepcopy(models['source']), 'self_init', ALIGNING)
    assert scores(train(model, 'transfer', TRANSFER, models['task']), discs)[1] < whole[1] - 0.4
