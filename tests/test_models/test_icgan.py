"""IcGAN: networks, stages, losses, translation."""

import numpy as np
import pytest
import torch
from drit_toys import PLAYERS, SIDE, icgan_config
from torch.nn import functional as F
from translator_toys import build, learners, optimizers, prepared

from mmgentransfer.models.baselines.icgan_networks import IcGANDiscriminator, IcGANEncoder, IcGANGenerator

GAN, ENCODERS = {'discriminator', 'generator'}, {'noise_encoder', 'label_encoder'}


def images_of(num=6, side=SIDE, exclusive=True):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (num, 3, side, side), generator=generator, dtype=torch.uint8)
    labels = torch.arange(num) % 3
    return dict(images=images, labels=labels if exclusive else F.one_hot(labels, 3).flip(1))


def test_parameter_counts():
    with torch.device('meta'):
        networks = IcGANGenerator(), IcGANDiscriminator(), IcGANEncoder(), IcGANEncoder(out_size=5)
        found = [sum(p.numel() for p in network.parameters()) for network in networks]
        small = IcGANDiscriminator(image_size=8, num_domains=3, base_channels=4)
        assert small(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3)).shape == (2,)
    # convolutions without biases but the first of the discriminator and the last ones, and batch norms
    generator = 105 * 512 * 16 + 1024 + 512 * 256 * 16 + 512 + 256 * 128 * 16 + 256 + 128 * 64 * 16 + 128 + 64 * 48 + 3
    discriminator = 3 * 64 * 16 + 64 + 69 * 128 * 16 + 256 + 128 * 256 * 16 + 512 + 256 * 512 * 16 + 1024 + 8192 + 1
    convolutions = 3 * 32 * 25 + 64 + 32 * 64 * 25 + 128 + 64 * 128 * 25 + 256 + 128 * 256 * 25 + 512
    encoder = convolutions + 4096 * 512 + 1024
    assert found == [generator, discriminator, encoder + 513 * 100, encoder + 513 * 5]


@pytest.mark.parametrize('side', [16, 64, 128])
def test_networks_at_other_sides(side):
    with torch.device('meta'):
        images = IcGANGenerator(image_size=side)(torch.zeros(2, 100), torch.zeros(2, 5))
        assert images.shape == (2, 3, side, side)
        assert IcGANDiscriminator(image_size=side)(images, torch.zeros(2, 5)).shape == (2,)
        assert IcGANEncoder(image_size=side)(images).shape == (2, 100)


def test_the_stages_train_the_gan_and_then_the_encoders():
    model = build(icgan_config())
    wrappers = optimizers(model)
    for iteration in range(4):
        if model.stage_index_at(iteration) != model.stages.index(model.stage):
            model.enter_stage(1)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        logs = model.train_step(images_of(), wrappers, iteration=iteration)
        changed = {
            key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])
        }
        assert changed == (GAN if iteration < 2 else ENCODERS)
        assert {key.split('/')[0] for key in logs} == changed
        assert model.generator.training == (iteration < 2)


@pytest.mark.parametrize('player', PLAYERS)
def test_a_player_learns_alone(player):
    model = build(icgan_config(stages=None))
    assert learners(model, player, prepared(model, images_of())) == {player}


def test_terms_written_out():
    model = build(icgan_config(mismatch=0.5)).eval()
    data = images_of()
    batch = prepared(model, data)
    own = F.one_hot(data['labels'], 3).float()
    z = prepared(model, data).random.normal(6, 5)
    seen = []
    generator = model.generator.forward
    model.generator.forward = lambda z, domains: seen.append((z, domains)) or generator(z, domains)
    wrong = []
    discriminator = model.discriminator.forward
    model.discriminator.forward = lambda x, domains: wrong.append(domains) or discriminator(x, domains)
    terms = model.discriminator_losses(batch)
    torch.testing.assert_close(seen[0][0], z)
    assert torch.equal(seen[0][1].sum(0), own.sum(0)), 'generated images have the domains of real ones'
    real, fake = discriminator(batch['images'], own), discriminator(generator(*seen[0]), seen[0][1])
    torch.testing.assert_close(terms['adversarial'], F.softplus(-real).mean() + F.softplus(fake).mean())
    assert ((wrong[2] * own).sum(1) == 0).all()
    assert (wrong[2].sum(1) == 1).all()
    other = discriminator(batch['images'], wrong[2])
    torch.testing.assert_close(terms['mismatch'], F.softplus(-real).mean() + F.softplus(other).mean())

    terms = model.noise_encoder_losses(prepared(model, data))
    torch.testing.assert_close(terms['noise'], (model.noise_encoder(generator(*seen[1])) - seen[1][0]).square().mean())
    labels = model.label_encoder_losses(batch)['labels']
    torch.testing.assert_close(labels, (model.label_encoder(batch['images']) - own).square().mean())


def test_a_wrong_set_of_attributes_differs_in_one():
    model = build(icgan_config(exclusive=False, mismatch=1.0))
    own = model.domains_of(images_of(exclusive=False)['labels'])
    wrong = model._wrong(prepared(model, images_of(exclusive=False)), own)
    assert ((wrong - own).abs().sum(1) == 1).all()
    assert set(wrong.unique().tolist()) <= {0.0, 1.0}


def test_images_of_another_side_are_resized_both_ways():
    model = build(icgan_config(stages=None))
    images = images_of(side=32)['images'].movedim(1, -1).numpy()
    outputs = model.translate(images, 'blue', num_samples=3)
    assert outputs.shape == (6, 3, 32, 32, 3)
    assert np.array_equal(outputs[:, 0], outputs[:, 2]), 'an input has one output'
    assert not np.array_equal(outputs, model.translate(images, 'green', num_samples=3))

    model.eval()
    values = torch.from_numpy(images).movedim(-1, 1).float() / 127.5 - 1
    small = F.interpolate(values, size=(SIDE, SIDE), mode='bilinear', antialias=True)
    with torch.no_grad():
        made = model.generator(model.noise_encoder(small), torch.tensor([[0.0, 1, 0]] * 6))
        large = model.data_preprocessor.to_uint8(F.interpolate(made, size=(32, 32), mode='bilinear'))
        assert model.label_values(values).shape == (6, 3)
    assert np.abs(large.movedim(1, -1).numpy().astype(int) - outputs[:, 0]).max() <= 1
    # the images of a training are resized too
    losses = model.label_encoder_losses(prepared(model, images_of(side=32)))
    assert torch.isfinite(losses['labels'])
    with pytest.raises(ValueError, match='has no options'):
        model.translate(images, 'blue', attention=True)


def test_attributes_can_be_set():
    model = build(icgan_config(exclusive=False, stages=None))
    model.train_step(images_of(exclusive=False), optimizers(model))
    image = images_of()['images'][0].movedim(0, -1).numpy()
    both = model.translate(image, ['yellow', 'green'])
    assert both.shape == (SIDE, SIDE, 3)
    assert not np.array_equal(both, model.translate(image, 'yellow'))
    with pytest.raises(ValueError, match=r'attributes need labels of the shape \(N, 3\), got \(6,\)'):
        model.train_step(images_of(), optimizers(model))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['networks']['generator'].update(num_domains=4), r'generator\.num_domains is 4.*need 3'),
        (lambda c: c['networks']['label_encoder'].update(out_size=4), r'label_encoder\.out_size is 4'),
        (lambda c: c['networks']['noise_encoder'].update(out_size=4), r'noise_encoder\.out_size is 4.*noise_size=5'),
        (lambda c: c['networks']['discriminator'].update(image_size=32), r'discriminator\.image_size is 32.*16'),
        (lambda c: c['networks']['generator'].update(image_size=24), r'image_size=24 must be a power of 2'),
        (lambda c: c['losses'].pop('noise'), r"losses lacks \['noise'\]"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    config = icgan_config()
    change(config)
    with pytest.raises(ValueError, match=f'(?s){message}'):
        build(config)
