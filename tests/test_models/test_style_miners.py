"""Mining a style-based generator: mixed styles, mined noise maps, and random maps that follow from the step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.game import Batch
from mmgentransfer.models.mining import generate
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS


def stylegan(num: int = 1, noise_mode: str = 'random', sides=(4, 8), **miner) -> dict:
    """A MineGAN of StyleGANs of 16 pixels; the maps of 4 and 8 are mined from three numbers."""
    style_miner = dict(
        type='StyleMiner',
        miner=dict(type='MLPMiner', dims=[6, 7, 8]),
        noise_miner=dict(type='NoiseMapMiner', code_size=3, sides=sides) if sides else None,
    )
    settings = dict(image_size=16, channels=(8, 8, 4))
    generator = dict(type='StyleGANGenerator', noise_size=8, num_mapping_layers=2, noise_mode=noise_mode, **settings)
    return dict(
        type='MineGAN',
        networks=dict(
            generators=[generator] * num,
            miners=[style_miner | miner] * num,
            critic=dict(type='StyleGANDiscriminator', **settings),
        ),
        losses=dict(adversarial=dict(type='LogisticLoss'), r1=dict(type='R1Penalty')),
        moves=[dict(player='critic'), dict(player='generator')],
        stages=[dict(name='mine', iters=2, train=['miners', 'critic']), dict(name='finetune', iters=2)],
    )


@pytest.fixture
def build(build_game):
    """Builds a model whose noise maps count: their weights start at 0."""

    def make(config):
        model = build_game(config)
        with torch.no_grad():
            for name, parameter in model.generators.named_parameters():
                if name.endswith('noise_weight'):
                    parameter.fill_(0.5)
        return model

    return make


def batch_of(num: int, *counters: int) -> Batch:
    return Batch(dict(images=torch.rand(num, 3, 16, 16)), StepRandom(*counters))


def test_parameters_and_maps_of_the_noise_miner():
    miner = MODELS.build(dict(type='NoiseMapMiner'))
    assert sum(p.numel() for p in miner.parameters()) == 281_440
    code = torch.randn(3, 16)
    maps = miner(code)
    assert {side: tuple(m.shape) for side, m in maps.items()} == {r: (3, 1, r, r) for r in (4, 8, 16, 32)}
    first = miner.layers[0](F.relu(miner.input_layer(code)))
    torch.testing.assert_close(maps[4].flatten(1), first)
    torch.testing.assert_close(maps[8].flatten(1), miner.layers[1](F.relu(first)))


def test_images_have_the_mined_maps(build):
    model = build(stylegan(noise_mode='zero')).eval()
    assert model.latent_size == 9
    u = torch.randn(4, 9)
    miner = model.miners[0]
    with torch.no_grad():
        maps = miner.noise_miner(u[:, 6:])
        z = miner.miner(u[:, :6])
        expected = model.generators[0](z, noise_maps=maps)
        torch.testing.assert_close(model.images_from(u), expected)
        assert (model.generators[0](z) - expected).abs().max() > 0.01


@pytest.mark.parametrize('num', [1, 2])
def test_all_of_the_miner_learns(num, build, build_wrappers, state_of, changed):
    model = build(stylegan(num, mixing=1.0))
    wrappers = build_wrappers(model)
    before, generators = state_of(model.miners), state_of(model.generators)
    for iteration in range(2):
        images = torch.randint(256, (4, 3, 16, 16), generator=torch.Generator().manual_seed(iteration)).byte()
        model.train_step(dict(images=images), wrappers, iteration)
    moved = changed(model.miners, before)
    assert {name.split('.', 1)[1] for name in moved} == {name.split('.', 1)[1] for name in before}
    assert changed(model.generators, generators) == set()


def test_the_critic_has_the_r1_penalty_of_the_real_images(build):
    model, batch = build(stylegan()), batch_of(4, 0)
    terms = model.critic_losses(batch)
    images = batch['images'].requires_grad_(True)
    (gradient,) = torch.autograd.grad(model.critic(images).sum(), images)
    torch.testing.assert_close(terms['r1'], gradient.square().sum((1, 2, 3)).mean(), rtol=1e-4, atol=1e-6)
    assert model.weight('r1') == 5.0


def test_a_training_step_follows_from_its_counters(build):
    """Codes, mixing, crossover and the noise maps that are not mined."""
    model = build(stylegan(mixing=0.9))
    with torch.no_grad():
        images = [model._fake_images(batch_of(3, *counters), 'critic') for counters in ((0, 1), (0, 1), (0, 2))]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_mixing(build):
    """The second code goes through the miner and takes over at 8 or 16, as often as it says."""
    model = build(stylegan(mixing=0.9))
    taken = [model._mine(batch_of(2, 0, step))[0][1] for step in range(300)]
    mixed = [arguments['crossover'] for arguments in taken if 'mixing_noise' in arguments]
    assert 0.85 < len(mixed) / 300 < 0.95
    assert set(mixed) == {8, 16}
    assert 0.4 < np.mean(np.array(mixed) == 8) < 0.6
    (_, arguments), random = model._mine(batch_of(2, 0, 1))[0], StepRandom(0, 1)
    random.normal(2, 9)
    torch.testing.assert_close(arguments['mixing_noise'], model.miners[0].miner(random.normal(2, 9)[:, :6]))
    assert sorted(arguments['noise_maps']) == [4, 8, 16]
    torch.testing.assert_close(arguments['noise_maps'][16], random.normal(2, 1, 16, 16))


def test_no_mixing_in_samples(build):
    model = build(stylegan(noise_mode='fixed', sides=None, mixing=1.0)).eval()
    u = torch.randn(3, 6)
    with torch.no_grad():
        torch.testing.assert_close(model.images_from(u), model.generators[0](model.miners[0].miner(u)))


def test_random_maps_of_samples_follow_from_the_seed(build):
    model = build(stylegan(sides=None))
    first, again, other = (model.sample(4, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_winners_are_made_again_with_the_same_maps(build):
    """In a mining step of two generators, whose random maps are drawn once for both passes."""
    model = build(stylegan(2))
    model.critic.mixes_images = False
    batch = batch_of(5, 3)
    images = model._fake_images(batch, 'generator')
    latents = model._mine(batch_of(5, 3))
    whole = [generate(generator, z) for generator, z in zip(model.generators, latents, strict=True)]
    for k, winner in enumerate(batch['winners'].tolist()):
        torch.testing.assert_close(images[k], whole[winner][k], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (stylegan(mixing=1.1), 'mixing is a probability'),
        (stylegan(sides=(8, 4)), 'sides must be ascending'),
        (stylegan(sides=(4, 32)), r'noise_miner\.sides has \[32\].*have the sides \[4, 8, 16\]'),
        (stylegan(miner=dict(type='MLPMiner', dims=[6, 9])), r'ends in 9 features.*noise_size=8'),
    ],
)
def test_what_can_not_be(config, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config)


def test_other_generators_need_no_style_miner(build_game):
    config = stylegan(sides=None)
    config['networks']['generators'] = [dict(type='MLPGenerator', dims=[8, 768], image_size=16, out_channels=3)]
    with pytest.raises(ValueError, match='StyleMiner needs a style-based generator'):
        build_game(config)
