"""Translators without pairs: CycleGAN and unpaired M&MNets."""

import itertools

import numpy as np
import pytest
import torch
from mmnets_toys import mmnets_config, scenes
from torch.nn import functional as F
from translator_toys import (
    KINDS,
    build,
    colours_config,
    critic,
    cyclegan_config,
    learners,
    noise_images,
    optimizers,
    prepared,
)

from mmgentransfer.engine.loops.translation_loop import _check_fusion
from mmgentransfer.models.methods.mmnets.image_pool import ImagePool
from mmgentransfer.models.step_random import StepRandom

SETS = dict(D=['depth'], S=['segmentation'])
G_DS, G_SD = 'generators.depth_to_segmentation', 'generators.segmentation_to_depth'
C_D, C_S = 'discriminators.depth', 'discriminators.segmentation'


def scenes_batch(num=3):
    return scenes(2 * num, SETS).__getitems__(list(range(num)))


def from_encoders_and_decoders(*names):
    return {f'{kind}.{name}' for kind in ('encoders', 'decoders') for name in names}


@pytest.mark.parametrize(
    ('player', 'term', 'wanted'),
    [
        ('critic', 'adversarial', {C_D, C_S}),
        ('generator', 'adversarial', {G_DS, G_SD}),
        ('generator', 'cycle', {G_DS, G_SD}),
    ],
)
def test_who_learns_from_what_in_a_cyclegan(player, term, wanted):
    model = build(cyclegan_config())
    assert learners(model, player, prepared(model, scenes_batch()), term) == wanted


@pytest.mark.parametrize('term', ['adversarial', 'cycle', 'autoencoder'])
def test_every_domain_learns_from_every_term(term):
    model = build(colours_config())
    batch = prepared(model, noise_images('blue', 'red', 'green'))
    assert learners(model, 'generator', batch, term) == from_encoders_and_decoders('blue', 'red', 'green')
    critics = {f'discriminators.{name}' for name in ('blue', 'red', 'green')}
    assert learners(model, 'critic', batch) == critics


def test_terms_of_a_cyclegan_written_out():
    model = build(cyclegan_config()).eval()
    batch = prepared(model, scenes_batch())
    depth, labels = batch['D']['depth'], batch['S']['segmentation']
    one_hot = F.one_hot(labels, 5).movedim(-1, 1).float()
    to_labels, to_depth = model.generators['depth_to_segmentation'], model.generators['segmentation_to_depth']
    c_depth, c_labels = model.discriminators['depth'], model.discriminators['segmentation']
    logits, fake_depth = to_labels(depth), to_depth(one_hot)
    fake_labels = logits.softmax(1)

    def critic_loss(network, real, fake):
        return (network(real) - 1).square().mean() + network(fake).square().mean()

    wanted = critic_loss(c_depth, depth, fake_depth) + critic_loss(c_labels, one_hot, fake_labels)
    torch.testing.assert_close(model.critic_losses(batch)['adversarial'], wanted)

    terms = model.generator_losses(batch)
    wanted = (c_depth(fake_depth) - 1).square().mean() + (c_labels(fake_labels) - 1).square().mean()
    torch.testing.assert_close(terms['adversarial'], wanted)
    error = (to_depth(fake_labels) - depth).abs()
    c = error.flatten(1).amax(1).view(-1, 1, 1, 1) / 5
    berhu = torch.where(error <= c, error, (error**2 + c**2) / (2 * c)).mean()
    entropy = F.cross_entropy(to_labels(fake_depth), labels)
    torch.testing.assert_close(terms['cycle'], 3 * berhu + 2 * entropy)
    torch.testing.assert_close(terms['cycle_depth_by_segmentation'], 3 * berhu)
    torch.testing.assert_close(terms['cycle_segmentation_by_depth'], 2 * entropy)


def two_domains(**options):
    resnet = dict(type='ResNetGenerator', base_channels=2, num_blocks=1, init=dict(type='kaiming'))
    config = cyclegan_config('depth', 'segmentation')
    losses = {name: dict(type='PixelLoss', mode='l1') for name in ('photo', 'monet')}
    terms = {name: dict(type='ModalitySumLoss', loss_weight=5) for name in ('cycle', 'identity')}
    return (
        config
        | dict(
            modalities=dict.fromkeys(('photo', 'monet'), KINDS['rgb']),
            networks=dict(
                generators=dict.fromkeys(('photo_to_monet', 'monet_to_photo'), resnet),
                discriminators={name: critic(3) for name in ('photo', 'monet')},
            ),
            losses={**losses, **terms, 'adversarial': dict(type='LSGANLoss')},
        )
        | options
    )


def test_identity_leaves_the_target_as_it_is():
    model = build(two_domains())
    batch = prepared(model, noise_images('photo', 'monet'))
    wanted = sum(
        (model.generators[name](batch[target]) - batch[target]).abs().mean()
        for name, target in (('photo_to_monet', 'monet'), ('monet_to_photo', 'photo'))
    )
    torch.testing.assert_close(model.generator_losses(batch)['identity'], wanted)


def test_steps_of_unpaired_mmnets_written_out():
    model = build(colours_config(('blue', 'red')))
    batch = prepared(model, noise_images('blue', 'red'))
    x = dict(batch)

    def run(value, *path):
        for source, target in itertools.pairwise(path):
            value = model.decoders[target](model.encoders[source](value))
        return value

    def distance(value, *path):
        return (run(value, *path) - value).abs().mean()

    terms = model.generator_losses(batch)
    cycle = distance(x['blue'], 'blue', 'red', 'blue') + distance(x['red'], 'red', 'blue', 'red')
    torch.testing.assert_close(terms['cycle'], cycle)
    own = distance(x['blue'], 'blue', 'blue') + distance(x['red'], 'red', 'red')
    torch.testing.assert_close(terms['autoencoder'], own)
    fakes = dict(red=run(x['blue'], 'blue', 'red'), blue=run(x['red'], 'red', 'blue'))
    adversarial = sum((model.discriminators[name](fake) - 0.9).square().mean() for name, fake in fakes.items())
    torch.testing.assert_close(terms['adversarial'], adversarial)
    critics = sum(
        (model.discriminators[name](x[name]) - 0.9).square().mean() + model.discriminators[name](fake).square().mean()
        for name, fake in fakes.items()
    )
    torch.testing.assert_close(model.critic_losses(batch)['adversarial'], 0.5 * critics)


def test_each_translation_is_made_once_an_iteration():
    model = build(colours_config())
    calls = dict.fromkeys((*model.encoders, *(f'to {name}' for name in model.decoders)), 0)
    for prefix, networks in (('', model.encoders), ('to ', model.decoders)):
        for name, network in networks.items():
            network.register_forward_hook(lambda *_, key=prefix + name: calls.__setitem__(key, calls[key] + 1))
    model.train_step(noise_images('blue', 'red', 'green'), optimizers(model))
    # each domain once, and every fake once for its cycle; decoders: fakes, ways back and the autoencoder
    assert calls == {'blue': 1 + 2, 'red': 1 + 1, 'green': 1 + 1, 'to blue': 2 + 2 + 1, 'to red': 3, 'to green': 3}


def test_terms_of_weight_zero_cost_no_pass():
    model = build(colours_config())
    for name in ('cycle', 'autoencoder'):
        model.losses[name].loss_weight = 0.0
    shared = prepared(model, noise_images('blue', 'red', 'green')).shared
    assert len(shared.fakes) == 4
    assert not shared.cycles
    assert not shared.own


def test_critic_of_the_anchor_sees_each_sample_from_some_domain():
    model = build(colours_config())
    batch = prepared(model, noise_images('blue', 'red', 'green', num=40))
    shown = model._shown('blue', batch)
    from_red, from_green = (batch.shared.fakes[name, 'blue'] for name in ('red', 'green'))
    red = [torch.equal(a, b) for a, b in zip(shown, from_red, strict=True)]
    green = [torch.equal(a, b) for a, b in zip(shown, from_green, strict=True)]
    assert all(a != b for a, b in zip(red, green, strict=True))
    assert 8 < sum(red) < 32


def test_seen_and_unseen_translations():
    names = tuple('abcdefghijk')
    model = build(colours_config(names))
    assert len(model.pairs) == len(model.graph.seen) == 20
    assert len(model.graph.unseen) == 90
    images = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    unseen = model.translate({'b': images}, 'c')
    assert unseen.shape == images.shape
    assert unseen.dtype == np.uint8
    values = torch.from_numpy(images).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        wanted = model.eval().decoders['c'](model.encoders['b'](values))
    np.testing.assert_array_equal(unseen, ((wanted[0] + 1) * 127.5).round().permute(1, 2, 0).to(torch.uint8).numpy())


def test_cascade_goes_through_values():
    model = build(cyclegan_config()).eval()
    depth = scenes_batch()['D']['depth']
    back = model.predict({'depth': depth}, ['depth'], via=['segmentation'])['depth']
    labels = model.generators['depth_to_segmentation'](depth).argmax(1)
    wanted = model.generators['segmentation_to_depth'](F.one_hot(labels, 5).movedim(-1, 1).float())
    torch.testing.assert_close(back, wanted)


# ---------------------------------------------------------------------- the pool


def images_of(*values):
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


def test_pool_shows_new_images_while_it_fills():
    pool = ImagePool(4, 1, 2)
    for first in (1, 3):
        new = images_of(first, first + 1)
        assert torch.equal(pool.exchange(new, StepRandom(first)), new)
    assert pool.images[:, 0, 0, 0].tolist() == [1, 2, 3, 4]


def test_full_pool_swaps_half_of_the_images():
    pool = ImagePool(8, 1, 2)
    pool.exchange(images_of(*range(8)), StepRandom(0))
    held, kept = list(range(8)), 0
    for step in range(1, 201):
        new = [8 + 4 * step + i for i in range(4)]
        shown = pool.exchange(images_of(*new), StepRandom(step))[:, 0, 0, 0].int().tolist()
        now = pool.images[:, 0, 0, 0].int().tolist()
        for given, seen in zip(new, shown, strict=True):
            assert (seen == given and given not in now) or (seen in held and seen not in now and given in now)
            kept += seen == given
        held = now
    assert 340 < kept < 460  # of 800


def test_pool_never_repeats_nor_loses_an_image():
    pool = ImagePool(5, 1, 2)  # not a multiple of the batch: one place stays empty, and is never shown
    for step in range(60):
        shown = pool.exchange(images_of(2 * step + 1, 2 * step + 2), StepRandom(step))
        assert (shown != 0).all()
        held = pool.images[:, 0, 0, 0].tolist()
        assert len(set(held) - {0.0}) == min(2 * step + 2, 4)


def test_pool_is_stored():
    config = colours_config(pool_size=4, image_size=16)
    model = build(config)
    batch = prepared(model, noise_images('blue', 'red', 'green'))
    model.critic_losses(batch)
    other = build(config, seed=1)
    other.load_state_dict(model.state_dict())
    assert other.pools['red'].filled == 3
    assert torch.equal(other.pools['red'].images, model.pools['red'].images)
    assert not model.pools['red'].images.requires_grad
    torch.testing.assert_close(model.pools['red'].images[:3], batch.shared.fakes['blue', 'red'].detach())


# ---------------------------------------------------------------------- what does not fit


def without(config, *keys):
    for key in keys[:-1]:
        config = config[key]
    config.pop(keys[-1])


def changed(config, value, *keys):
    part = config
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    return config


SUM = dict(type='ModalitySumLoss')


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (changed(cyclegan_config(), SUM, 'losses', 'identity'), 'identity needs two modalities of the same channels'),
        (changed(cyclegan_config(), SUM, 'losses', 'cycel'), r"losses has 'cycel'.*Did you mean 'cycle'"),
        (changed(cyclegan_config(), KINDS['rgb'], 'modalities', 'rgb'), "lacks .'rgb'."),
        (changed(cyclegan_config(), critic(2), 'networks', 'discriminators', 'depth'), 'in_channels is 2'),
        (changed(cyclegan_config(), critic(1), 'networks', 'discriminators', 'rgb'), 'each needs one'),
        (
            changed(
                cyclegan_config(),
                cyclegan_config()['networks']['generators']['segmentation_to_depth'],
                *('networks', 'generators', 'depth_to_segmentation'),
            ),
            'in_channels=5 and out_channels=1',
        ),
        (cyclegan_config(pool_size=4), 'needs model.image_size'),
        (colours_config(anchor='blu'), r"names 'blu'.*Did you mean 'blue'"),
        (changed(two_domains(), critic(3), 'networks', 'generators', 'x'), 'they must be'),
    ],
)
def test_models_that_do_not_fit_are_refused(config, message):
    with pytest.raises(ValueError, match=message):
        build(config)


@pytest.mark.parametrize(
    ('inputs', 'target', 'message'),
    [
        (dict(depth=np.zeros((16, 16), np.float32)), 'depth', 'not .depth. to itself'),
        (dict(dept=np.zeros((16, 16), np.float32)), 'depth', "Did you mean 'depth'"),
        (dict(depth=np.zeros((18, 16), np.float32)), 'segmentation', 'multiples of 4'),
        (
            dict(depth=np.zeros((16, 16), np.float32), segmentation=np.zeros((16, 16), np.uint8)),
            'segmentation',
            'translates one input',
        ),
    ],
)
def test_translations_that_do_not_fit_are_refused(inputs, target, message):
    with pytest.raises(ValueError, match=message):
        build(cyclegan_config()).translate(inputs, target)


def test_data_are_checked_before_training():
    model = build(cyclegan_config())
    model.check_dataset(scenes(8, SETS), 'train_dataloader')
    with pytest.raises(ValueError, match=r"the model needs \['segmentation'\] as well"):
        model.check_dataset(scenes(8, dict(D=['depth'])), 'train_dataloader')
    model = build(cyclegan_config(modalities={'depth': KINDS['depth'], 'segmentation': dict(KINDS['segmentation'])}))
    model.modalities['segmentation'].num_classes = 2
    with pytest.raises(ValueError, match='classes are 0 to 1'):
        model.check_dataset(scenes(8, SETS), 'train_dataloader')


def test_fusion_is_refused_before_training():
    """By the loop, at its construction; mix and match networks can fuse."""
    task = dict(name='RD2S', source=['rgb', 'depth'], target='segmentation')
    with pytest.raises(ValueError, match=r'val_cfg.tasks: RD2S has several sources; a CycleGAN takes one'):
        _check_fusion(build(cyclegan_config()), task)
    _check_fusion(build(mmnets_config()), task)
    with pytest.raises(ValueError, match=r'val_cfg.tasks: RD2S: '):
        _check_fusion(build(mmnets_config()), task | dict(alpha=2.0))
