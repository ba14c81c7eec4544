"""MineGAN of class-conditional generators: two miners on one noise, or a miner for each class."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.registry import MODELS

SIZE = dict(image_size=32, base_channels=4, num_classes=10)


def biggan(num: int = 1, **miner) -> dict:
    """A MineGAN of BigGANs of test size, whose z has 16 numbers and whose class embedding 8."""
    dims = dict(miner_z=[6, 12, 16], miner_c=[6, 12, 8]) | miner
    conditional = dict(
        type='ConditionalMiner', **{name: dict(type='MLPMiner', dims=widths) for name, widths in dims.items()}
    )
    return dict(
        type='MineGAN',
        networks=dict(
            generators=[dict(type='BigGANGenerator', noise_size=16, embedding_size=8, **SIZE)] * num,
            miners=[conditional] * num,
            critic=dict(type='BigGANDiscriminator', projection=False, **SIZE),
        ),
        losses=dict(adversarial=dict(type='HingeLoss')),
        moves=[dict(player='critic'), dict(player='generator')],
        stages=[dict(name='mine', iters=2, train=['miners', 'critic']), dict(name='finetune', iters=2)],
    )


@pytest.fixture
def colour_images():
    return dict(images=torch.randint(256, (4, 3, 32, 32), generator=torch.Generator().manual_seed(0)).byte())


def test_parameters_of_the_biggan_miner():
    miner = MODELS.build(
        dict(
            type='ConditionalMiner',
            miner_z=dict(type='MLPMiner', dims=[128, 128, 128, 128, 120]),
            miner_c=dict(type='MLPMiner', dims=[128, 128, 128, 128, 128]),
        )
    )
    assert [sum(p.numel() for p in part.parameters()) for part in (miner.miner_z, miner.miner_c)] == [65_016, 66_048]
    u = torch.randn(3, 128)
    z, c = miner(u)
    assert torch.equal(z, miner.miner_z(u))
    assert torch.equal(c, miner.miner_c(u))


@pytest.mark.parametrize('num', [1, 2])
def test_both_miners_learn_and_the_labels_table_stays(
    num, build_game, build_wrappers, colour_images, state_of, changed
):
    model = build_game(biggan(num))
    for i in range(1, num):
        model.generators[i].load_state_dict(model.generators[0].state_dict())  # so that both win
    wrappers = build_wrappers(model)
    start = {name: state_of(getattr(model, name)) for name in model.network_names}
    model.train_step(colour_images, wrappers, 0)
    model.train_step(colour_images, wrappers, 1)
    assert changed(model.generators, start['generators']) == set()
    assert changed(model.miners, start['miners']) == set(start['miners'])
    model.enter_stage(1)
    model.train_step(colour_images, wrappers, 2)
    moved = changed(model.generators, start['generators'])
    assert {f'{i}.shared.weight' for i in range(num)} & moved == set()
    assert any(name.startswith('0.output_conv') and 'original' in name for name in moved)
    unused = {name for name in start['critic'] if name.startswith('embed')}
    assert unused
    assert unused & changed(model.critic, start['critic']) == set()


def test_images_are_those_of_noise_and_embedding(build_game):
    model = build_game(biggan()).eval()
    latents = model.draw_latents(3)
    assert latents.shape == (3, 6)
    miner, generator = model.miners[0], model.generators[0]
    with torch.no_grad():
        expected = generator(miner.miner_z(latents), embedding=miner.miner_c(latents))
        source = generator(model.draw_noise(12, 16, 0), torch.arange(12) % 10)
    torch.testing.assert_close(model.generate(latents), expected)
    assert (model.sample(12, use_miner=False) == model.to_pixels(source)).all()
    assert model.sample(2, generator_index=0).shape == (2, 32, 32, 3)


def test_what_does_not_fit(build_game):
    with pytest.raises(ValueError, match=r'class embedding of 7 features, but .*embedding_size=8: .* must end in 8'):
        build_game(biggan(miner_c=[6, 7]))
    with pytest.raises(ValueError, match=r'miners\[0\] ends in 15 features'):
        build_game(biggan(miner_z=[6, 15]))
    with pytest.raises(ValueError, match=r'miner_z takes 6 features and miner_c 5; both take the same u'):
        build_game(biggan(miner_c=[5, 8]))
    plain = biggan()
    plain['networks']['miners'] = [dict(type='MLPMiner', dims=[6, 16])]
    with pytest.raises(ValueError, match=r'MLPMiner gives a class embedding of 0 features, .* embedding_size=8'):
        build_game(plain)
    unconditional = biggan()
    unconditional['networks']['generators'] = [dict(type='SNGANGenerator', image_size=32, noise_size=16)]
    with pytest.raises(ValueError, match=r'ConditionalMiner gives .* 8 features, .*=0: it needs an MLPMiner'):
        build_game(unconditional)
    one_hot = biggan()
    one_hot['networks']['generators'] = [
        dict(type='MLPGenerator', dims=[16, 3072], image_size=32, out_channels=3, num_classes=4)
    ]
    with pytest.raises(ValueError, match=r'MLPGenerator takes labels; .* such as BigGANGenerator'):
        build_game(one_hot)


# ---------------------------------------------------------------------- one generator as a family


def family(classes=None, num=10) -> dict:
    config = biggan()
    generator = dict(type='MLPGenerator', dims=[3, 64], image_size=8, num_classes=10)
    config['networks'] = dict(
        generators=dict(type='OneHotGeneratorFamily', generator=generator, classes=classes),
        miners=[dict(type='MLPMiner', dims=[4, 3])] * num,
        critic=dict(type='MLPCritic', dims=[64, 1], image_size=8),
    )
    return config


def test_a_family_counts_its_parameters_once_and_has_a_generator_for_each_class(build_game):
    model = build_game(family())
    assert sum(p.numel() for p in model.generators.parameters()) == (3 + 10) * 64 + 64
    assert len({id(p) for p in model.miners.parameters()}) == 2 * 10
    assert len(model.generators) == model.num_generators == 10
    z, whole = torch.randn(5, 3), model.generators.generator
    images = [model.generators[i](z) for i in range(10)]
    for i, part in enumerate(images):
        assert torch.equal(part, whole(z, torch.full((5,), i)))
        assert not torch.equal(part, images[i - 1])


def test_mining_a_family(build_game, build_wrappers, digit_images, state_of, changed):
    model = build_game(family(classes=[7, 1], num=2))
    wrappers = build_wrappers(model)
    start = {name: state_of(getattr(model, name)) for name in model.network_names}
    model.train_step(digit_images(64), wrappers, 0)
    assert changed(model.generators, start['generators']) == set()
    assert changed(model.miners, start['miners']) != set()
    model.enter_stage(1)
    model.train_step(digit_images(64), wrappers, 2)
    assert changed(model.generators, start['generators']) == set(start['generators'])
    latents = model.draw_latents(6)
    for image, latent, choice in zip(model.generate(latents), latents, model.choose_generators(latents), strict=True):
        with torch.no_grad():
            z = model.miners[choice](latent[None, 1:])
            expected = model.generators.generator(z, torch.tensor([[7, 1][choice]]))
        torch.testing.assert_close(image, expected[0])
    assert model.sample(3, generator_index=1, use_miner=False).shape == (3, 8, 8, 1)


@pytest.mark.parametrize('classes', [[0, 0], [3, 10], [], [-1]])
def test_classes_that_a_family_can_not_have(classes, build_game):
    with pytest.raises(ValueError, match=r'classes must be different classes of 0 to 9, got \['):
        build_game(family(classes, max(1, len(classes))))


def test_a_family_needs_classes_and_a_miner_for_each(build_game):
    config = family()
    config['networks']['generators']['generator']['num_classes'] = 0
    with pytest.raises(ValueError, match=r'MLPGenerator is unconditional'):
        build_game(config)
    with pytest.raises(ValueError, match=r'miners has 9 networks and model\.networks\.generators 10'):
        build_game(family(num=9))
