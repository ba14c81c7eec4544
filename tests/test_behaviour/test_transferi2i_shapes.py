"""TransferI2I from red discs to blue squares: what self-initialisation is for, and that the three stages work.

`make test-full` runs three seeds, which share the GAN, and `transfer` for longer.
"""

from __future__ import annotations

import copy
import functools

import numpy as np
import pytest
import torch
from games import FULL
from mmengine.registry import DefaultScope
from torch import nn
from transferi2i_toys import biggan_config

from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.evaluation.functional import fid_from_features
from mmgentransfer.registry import MODELS

RED, BLUE = (0.9, -0.7, -0.7), (-0.7, -0.5, 0.9)
BATCH = 16
STAGES = ('st_init', 'self_init', 'transfer')
SEEDS = (0, 1, 2) if FULL else (0,)
PRETRAINING, FINETUNING, ALIGNING, TRANSFER = 600, 300, 150, 150 if FULL else 50
EARLY = 50  # iterations after which self-initialisation is compared with none
FINE = 4  # a pixel is the mean of as many points along each side


class Shapes:
    """Images of 16x16 with one shape each, labelled by its kind: the toy by which the method's bounds were set.

    Args:
        kinds: Shape, colour in [-1, 1] (None for any bright one) and number of each class.
        seed: Of places, sizes and colours.
    """

    def __init__(self, kinds, seed):
        random = np.random.default_rng(seed)
        images = [self.draw(shape, colour, random) for shape, colour, num in kinds for _ in range(num)]
        self.images = torch.from_numpy(((np.stack(images) + 1) * 127.5 + 0.5).astype(np.uint8))
        self.labels = torch.cat([torch.full((num,), label) for label, (*_, num) in enumerate(kinds)])

    def __len__(self):
        return len(self.images)

    def __getitems__(self, indices):
        return dict(images=self.images[indices], labels=self.labels[indices])

    @staticmethod
    def draw(shape, colour, random):
        (row, column), radius = random.uniform(4.5, 10.5, 2), random.uniform(2.8, 4.2)
        y, x = (np.mgrid[: 16 * FINE, : 16 * FINE] + 0.5) / FINE - 0.5
        y, x = (y - row) / radius, (x - column) / radius
        inside = {
            'disc': y**2 + x**2 < 1,
            'square': np.maximum(abs(y), abs(x)) < 0.9,
            'triangle': (y < 0.8) & (y > -1) & (abs(x) < (y + 1) / 1.8),
            'cross': (np.minimum(abs(y), abs(x)) < 1 / 3) & (np.maximum(abs(y), abs(x)) < 1),
        }[shape]
        share = inside.reshape(16, FINE, 16, FINE).mean((1, 3))
        ground = -0.8 + 0.1 * np.clip(random.normal(), -2, 2)
        tone = random.uniform(-0.2, 1, 3) if colour is None else np.array(colour) + 0.1 * random.normal(size=3)
        return ground * (1 - share) + tone.clip(-1, 1)[:, None, None] * share


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


def train(model, stage, iters, data=None, seed=0):
    """Trains a stage, with new optimisers, on random batches of ``data``."""
    model.enter_stage(STAGES.index(stage))
    model.begin_stage()
    model.train()
    wrappers, generator = optimisers(model), torch.Generator().manual_seed(seed)
    for iteration in range(iters):
        batch = None
        if data is not None:
            images, sources = torch.randint(len(data), (2, BATCH), generator=generator)
            batch = {**data.__getitems__(images.tolist()), 'sources': data.images[sources]}
        model.train_step(batch, wrappers, iteration=iteration, seed=seed, batch_size=BATCH)
    return model


@torch.no_grad()
def alignment(model):
    """By tap: L_ali over the mean size of the generator's features, and how far images from the adaptor alone are off.

    The latter is over the distance of shuffled images.
    """
    model.eval()
    generator = torch.Generator().manual_seed(1)
    z, labels = torch.randn(200, model.generator.noise_size, generator=generator), torch.arange(200) % 2
    images, taps = model.generator(z, labels, return_taps=True)
    adapted = model.adaptor(model.discriminator.features(images))
    shuffled = (images - images[torch.randperm(200, generator=generator)]).abs().mean()
    features, pixels = {}, {}
    for side in model.taps:
        features[side] = ((adapted[side] - taps[side]).abs().mean() / taps[side].abs().mean()).item()
        alone = model.generate(torch.zeros_like(z), labels, {side: adapted[side]}, start=side)
        pixels[side] = ((alone - images).abs().mean() / shuffled).item()
    return features, pixels


def foreground(images):
    pixels = images.astype(np.float64) / 127.5 - 1
    border = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)
    return (np.abs(pixels - np.median(border, axis=1)[:, None, None]).mean(-1) - 0.15).clip(0)


def centroids(images):
    weights = foreground(images) + 1e-9
    weights /= weights.sum((1, 2), keepdims=True)
    rows, columns = np.mgrid[:16, :16]
    return np.stack([(weights * rows).sum((1, 2)), (weights * columns).sum((1, 2))], axis=1)


def share_of_blue(images):
    red, green, blue = (images * foreground(images)[..., None]).sum((1, 2)).T
    return (blue > np.maximum(red, green)).mean()


def fresh(seed):
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(biggan_config(16, 16))
    model.init_weights()
    return model


@functools.cache
def task():
    return Shapes([('disc', RED, 100), ('square', BLUE, 100)], 1)


@functools.cache
def held_out(shape, colour, num):
    return Shapes([(shape, colour, num)], 2).images.movedim(1, -1).numpy()


@functools.cache
@torch.enable_grad()
def gan(name):
    """The GAN of triangles and crosses, and what source-target initialisation makes of it; all seeds share them."""
    if name == 'source':
        shapes = Shapes([('triangle', None, 1000), ('cross', None, 1000)], 0)
        model, new = train(fresh(0), 'st_init', PRETRAINING, shapes), fresh(1)
        for player, embedding in (('generator', 'shared'), ('discriminator', 'embed')):  # other classes than the task's
            rows = getattr(new, player).get_submodule(embedding).state_dict()
            getattr(model, player).get_submodule(embedding).load_state_dict(rows)
        return model
    return train(copy.deepcopy(gan('source')), 'st_init', FINETUNING, task())


@functools.cache
@torch.enable_grad()
def initialised(seed):
    """The GAN with an adaptor of the seed's own, before self-initialisation."""
    model = fresh(seed)
    state = {name: v for name, v in gan('initialised').state_dict().items() if not name.startswith('adaptor.')}
    model.load_state_dict(state, strict=False)
    return model


@functools.cache
@torch.enable_grad()
def aligned(seed):
    return train(copy.deepcopy(initialised(seed)), 'self_init', ALIGNING, seed=seed)


@functools.cache
@torch.enable_grad()
def judge():
    """A network of three convolutions for red and blue discs and squares; returns it and its 64 features."""
    kinds = [(shape, colour, 400) for shape in ('disc', 'square') for colour in (RED, BLUE)]
    data = Shapes(kinds, 3)
    torch.manual_seed(0)
    layers = []
    for i, o in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(i, o, 3, stride=2, padding=1), nn.ReLU()]
    features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 64), nn.ReLU())
    net = nn.Sequential(features, nn.Linear(64, len(kinds)))
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(300):
        index = torch.randint(len(data), (64,))
        loss = nn.functional.cross_entropy(net(data.images[index] / 127.5 - 1), data.labels[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval(), features


@torch.no_grad()
def scores(model):
    """Of the discs' translations to squares.

    Distance between the objects' centroids in inputs and outputs in pixels; the share that is a blue square to a
    classifier; the share that is rather blue; and FID in the classifier's features.
    """
    discs, squares = held_out('disc', RED, 100), held_out('square', BLUE, 256)
    codes = np.random.default_rng(5).normal(size=(len(discs), 1, model.generator.noise_size))  # of its own each
    outputs = model.eval().translate(discs, 'class 1', codes=codes)[:, 0]
    distance = np.linalg.norm(centroids(discs) - centroids(outputs), axis=1).mean()
    net, features = judge()
    fakes, reals = (torch.from_numpy(images).movedim(-1, 1) / 127.5 - 1 for images in (outputs, squares))
    fid = fid_from_features(features(reals).double().numpy(), features(fakes).double().numpy())
    return dict(
        distance=distance,
        squares=(net(fakes).argmax(1) == 3).float().mean().item(),
        blue=share_of_blue(outputs),
        fid=fid,
    )


@functools.cache
@torch.enable_grad()
def transferred(seed, start='aligned', iters=TRANSFER, weight=1.0):
    """Scores after ``transfer`` with a seed, from one of the starts."""
    model = copy.deepcopy(dict(aligned=aligned, unaligned=initialised, scratch=fresh)[start](seed))
    model.losses['reconstruction'].loss_weight = weight
    found = scores(train(model, 'transfer', iters, task(), seed))
    print(f'seed {seed}, {start}, {iters} iterations, L_rec times {weight}: {found}')
    return found


def mean(name, **choice):
    return np.mean([transferred(seed, **choice)[name] for seed in SEEDS])


@pytest.mark.parametrize('seed', SEEDS)
def test_self_initialisation_aligns_the_adaptor(seed):
    (before, alone), (after, pixels) = alignment(initialised(seed)), alignment(aligned(seed))
    print(f'seed {seed}: L_ali {before}, then {after}; images {alone}, then {pixels}')
    assert after[8] <= 0.6
    # the features at 4 are linear in the noise, of mean 0: relative to their size little can be known of them
    assert after[4] <= 0.6 * before[4]
    assert max(pixels.values()) <= 0.6


@pytest.mark.parametrize('seed', SEEDS)
def test_the_whole_chain(seed):
    found = transferred(seed)
    assert found['distance'] < 1.2  # 3 between an input and the translation of another
    assert found['blue'] > 0.9
    assert found['squares'] >= 0.75  # of three seeds 0.99, 0.82, 0.87 after 150 iterations
    assert found['fid'] < transferred(seed, iters=0)['fid']


def test_self_initialisation_keeps_the_structure():
    early = mean('distance', iters=EARLY)
    assert mean('distance', start='unaligned', iters=EARLY) >= early + 1.0


def test_reconstruction_brings_the_structure():
    """Without self-initialisation; with the weight 1 it is too weak for that here."""
    without = mean('distance', start='unaligned', iters=EARLY, weight=0.0)
    assert mean('distance', start='unaligned', iters=EARLY, weight=10.0) <= without - 1.0


def test_source_target_initialisation_reaches_the_target():
    """The generator's own squares are blue after it, and were of any colour before."""
    z = torch.randn(100, gan('source').generator.noise_size, generator=torch.Generator().manual_seed(3))
    shares = []
    for name in ('source', 'initialised'):
        model = gan(name).eval()
        with torch.no_grad():
            images = model.generator(z, torch.ones(100, dtype=torch.int64))
        shares.append(share_of_blue(model.data_preprocessor.to_uint8(images).movedim(1, -1).numpy()))
    assert shares[1] >= shares[0] + 0.4


def test_pre_training_keeps_the_structure():
    assert mean('distance', start='scratch') >= mean('distance') + 1.0
