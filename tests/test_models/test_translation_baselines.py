"""pix2pix, StarGAN, and StarGAN between modalities."""

import numpy as np
import pytest
import torch
from mmnets_toys import aligned_samples, sets_batch
from torch.nn import functional as F
from translator_toys import (
    SIDE,
    build,
    cross_modal_stargan_config,
    learners,
    noise_images,
    optimizers,
    pix2pix_config,
    prepared,
    stargan_config,
)

SUM = dict(type='ModalitySumLoss')
G_DR, G_RS, C_DR = 'generators.depth_to_rgb', 'generators.rgb_to_segmentation', 'discriminators.depth_to_rgb'

# ---------------------------------------------------------------------- pix2pix


@pytest.mark.parametrize(
    ('player', 'term', 'wanted'),
    [
        ('critic', 'adversarial', {C_DR}),
        ('generator', 'adversarial', {G_DR}),
        ('generator', 'rgb', {G_DR}),
        ('generator', 'segmentation', {G_RS}),
    ],
)
def test_who_learns_from_what_in_pix2pix(player, term, wanted):
    model = build(pix2pix_config())
    assert learners(model, player, prepared(model, sets_batch()), term) == wanted


def test_terms_of_pix2pix_written_out():
    model = build(pix2pix_config())
    batch = prepared(model, sets_batch())
    depth, rgb = batch['RD']['depth'], batch['RD']['rgb']
    fake, critic = model.generators['depth_to_rgb'](depth), model.discriminators['depth_to_rgb']
    terms = model.generator_losses(batch)
    torch.testing.assert_close(terms['rgb'], (fake - rgb).abs().mean())
    torch.testing.assert_close(terms['adversarial'], (critic(torch.cat([depth, fake], 1)) - 1).square().mean())
    logits = model.generators['rgb_to_segmentation'](batch['RS']['rgb'])
    torch.testing.assert_close(terms['segmentation'], F.cross_entropy(logits, batch['RS']['segmentation']))
    real_scores, fake_scores = (critic(torch.cat([depth, x], 1)) for x in (rgb, fake))
    wanted = (real_scores - 1).square().mean() + fake_scores.square().mean()
    torch.testing.assert_close(model.critic_losses(batch)['adversarial'], wanted)


def test_pix2pix_learns_from_every_set_that_has_both_and_from_plain_batches():
    model = build(pix2pix_config())
    both = {'A': aligned_samples(2, ('rgb', 'depth')), 'B': aligned_samples(3, ('depth', 'segmentation', 'rgb'))}
    depth, rgb = model.aligned(both, 'depth', 'rgb')
    assert len(depth) == len(rgb) == 5
    assert torch.equal(depth[:2], both['A']['depth'])
    assert len(model.aligned(aligned_samples(4), 'rgb', 'segmentation')[0]) == 4
    with pytest.raises(ValueError, match='no set of the batch has them'):
        model.aligned(sets_batch(), 'depth', 'segmentation')


def test_cascade_of_two_generators():
    model = build(pix2pix_config()).eval()
    depth = aligned_samples(2)['depth']
    rgb = model.generators['depth_to_rgb'](depth).clamp(-1, 1)
    wanted = model.generators['rgb_to_segmentation'](rgb)
    torch.testing.assert_close(model.predict({'depth': depth}, ['segmentation'], via=['rgb'])['segmentation'], wanted)
    labels = model.translate({'depth': depth[:, 0].numpy()}, 'segmentation', via=['rgb'])
    np.testing.assert_array_equal(labels, wanted.argmax(1).numpy())
    with pytest.raises(ValueError, match="no generator translates 'depth' to 'segmentation'"):
        model.predict({'depth': depth}, ['segmentation'])


def without_critic():
    config = pix2pix_config()
    config['networks'] = config['networks'] | dict(discriminators={})
    config['losses'] = {k: v for k, v in config['losses'].items() if k != 'adversarial'}
    return config | dict(moves=[dict(player='generator')])


def test_pix2pix_does_without_critics():
    model = build(without_critic())
    logs = model.train_step(sets_batch(), optimizers(model))
    assert 'generator/adversarial' not in logs
    assert logs['generator/rgb'] > 0


def named(config, group, old, new):
    networks = {key: dict(value) for key, value in config['networks'].items()}
    networks[group][new] = networks[group].pop(old)
    return config | dict(networks=networks)


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (named(pix2pix_config(), 'generators', 'depth_to_rgb', 'depth2rgb'), "generators has 'depth2rgb'"),
        (named(pix2pix_config(), 'generators', 'depth_to_rgb', 'rgb_to_depth'), 'in_channels=1 and out_channels=3'),
        (
            named(pix2pix_config(), 'discriminators', 'depth_to_rgb', 'rgb_to_segmentation'),
            'in_channels=8, source and target together; it has 4',
        ),
        (pix2pix_config(losses=without_critic()['losses']), "lacks 'adversarial'"),
        (without_critic() | dict(losses=dict(rgb=dict(type='PixelLoss'))), r"lacks \['depth', 'segmentation'\]"),
    ],
)
def test_pix2pix_that_does_not_fit_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        build(config)


# ---------------------------------------------------------------------- StarGAN of images


def labelled(num=6, exclusive=True):
    labels = torch.arange(num) % 3
    attributes = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1]])[labels]
    return noise_images('images', num=num) | dict(labels=labels if exclusive else attributes)


@pytest.mark.parametrize('exclusive', [True, False])
def test_who_learns_from_what_in_stargan(exclusive):
    model = build(stargan_config(exclusive))
    batch = prepared(model, labelled(exclusive=exclusive))
    for player, terms, network in (
        ('critic', ('adversarial', 'gradient_penalty', 'domain'), 'critic'),
        ('generator', ('adversarial', 'domain', 'reconstruction'), 'generator'),
    ):
        for term in terms:
            assert learners(model, player, batch, term) == {network}


@pytest.mark.parametrize('exclusive', [True, False])
def test_terms_of_stargan_written_out(exclusive):
    model = build(stargan_config(exclusive))
    batch = prepared(model, labelled(exclusive=exclusive))
    own, target = model._targets(batch)
    real = batch['images']
    labels = batch['labels']
    torch.testing.assert_close(own, F.one_hot(labels, 3).float() if exclusive else labels.float())
    assert sorted(target.tolist()) == sorted(own.tolist())  # other images' domains

    def classification(logits, domains):
        if exclusive:
            return -(logits.log_softmax(1) * domains).sum(1).mean()
        p = logits.sigmoid()
        return -(domains * p.log() + (1 - domains) * (1 - p).log()).sum(1).mean()

    batch.random = type('Numbers', (), {'uniform': lambda self, num: torch.arange(num, 0, -1) / num})()
    target = own.flip(0)
    fake = model.generator(real, target)
    scores, logits = model.critic(fake)
    terms = model.generator_losses(batch)
    torch.testing.assert_close(terms['adversarial'], -scores.mean())
    torch.testing.assert_close(terms['domain'], classification(logits, target))
    torch.testing.assert_close(terms['reconstruction'], (model.generator(fake, own) - real).abs().mean())
    real_scores, logits = model.critic(real)
    terms = model.critic_losses(batch)
    torch.testing.assert_close(terms['adversarial'], scores.mean() - real_scores.mean())
    torch.testing.assert_close(terms['domain'], classification(logits, own))


def test_stargan_translates():
    model = build(stargan_config())
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    blond = model.translate(images, 'blond')
    assert blond.shape == images.shape
    values = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        output = model.generator(values, torch.tensor([[0, 1, 0]] * 2))
    wanted = ((output + 1) * 127.5).round().permute(0, 2, 3, 1).to(torch.uint8).numpy()
    np.testing.assert_array_equal(blond, wanted)
    np.testing.assert_array_equal(model.translate(images[0], 'blond'), blond[0])
    assert (model.translate(images, 'young') != blond).any()


def test_attributes_are_set_by_name_or_vector():
    model = build(stargan_config(exclusive=False))
    for target in (['young', 'smiling'], dict(young=1, blond=0, smiling=True), [[1, 0, 1]] * 2):
        assert model.target_vectors(target, 2).tolist() == [[1, 0, 1]] * 2


@pytest.mark.parametrize(
    ('target', 'message'),
    [
        ('blonde', "Did you mean 'blond'"),
        (['blond', 'young'], 'exclude each other'),
        ([[1, 0, 0]], r'shape \(2, 3\), got \(1, 3\)'),
    ],
)
def test_unknown_targets_are_refused(target, message):
    with pytest.raises(ValueError, match=message):
        build(stargan_config()).target_vectors(target, 2)


@pytest.mark.parametrize('exclusive', [True, False])
def test_labels_of_the_other_kind_are_refused(exclusive):
    model = build(stargan_config(exclusive))
    with pytest.raises(ValueError, match='exclude each other need labels' if exclusive else 'attributes need labels'):
        model.train_step(labelled(exclusive=not exclusive), optimizers(model))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(domains=['a', 'b']), 'num_domains is 3, but model.domains has 2'),
        (dict(domains=['a', 'a', 'b']), 'different names'),
        (dict(losses=dict(adversarial=dict(type='WassersteinLoss'))), r"lacks \['domain'\]"),
        (dict(losses=stargan_config()['losses'] | dict(cycle=SUM)), "losses has 'cycle'"),
    ],
)
def test_stargan_that_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(stargan_config(**options))


# ---------------------------------------------------------------------- StarGAN between modalities


def test_samples_go_to_the_other_modalities_in_equal_parts():
    model = build(cross_modal_stargan_config(reconstruction=SUM))
    tasks = model._tasks(prepared(model, sets_batch(4)))
    sizes = {(task.source, task.target): len(task.inputs) for task in tasks}
    assert sizes == {
        ('rgb', 'depth'): 4,  # of both sets
        ('rgb', 'segmentation'): 4,
        ('depth', 'rgb'): 2,
        ('depth', 'segmentation'): 2,
        ('segmentation', 'rgb'): 2,
        ('segmentation', 'depth'): 2,
    }
    with pytest.raises(ValueError, match="1 samples of 'depth', and needs one"):
        model._tasks(prepared(model, sets_batch(1)))


@pytest.mark.parametrize(
    ('player', 'term'),
    [
        *(('critic', term) for term in ('adversarial', 'gradient_penalty', 'domain')),
        *(('generator', term) for term in ('adversarial', 'domain', 'reconstruction', 'supervised')),
    ],
)
def test_who_learns_from_what_between_modalities(player, term):
    model = build(cross_modal_stargan_config(reconstruction=SUM, supervised=SUM))
    assert learners(model, player, prepared(model, sets_batch(4)), term) == {player}


def test_terms_between_modalities_written_out():
    model = build(cross_modal_stargan_config(reconstruction=SUM, supervised=SUM))
    batch = prepared(model, sets_batch(2))
    rgb = model.values(batch, 'rgb')
    assert len(rgb) == 4
    labels, depth = batch['RS']['segmentation'], batch['RD']['depth']
    one_hot = F.one_hot(labels, 5).movedim(-1, 1).float()

    def run(values, source, target):
        output = model.run(values, source, target)
        return output.softmax(1) if target == 'segmentation' else output

    wanted = (
        (run(batch['RS']['rgb'], 'rgb', 'segmentation').log() * one_hot).sum(1).mean() * -2
        + 3 * model.losses['depth'](run(batch['RD']['rgb'], 'rgb', 'depth'), depth)
        + (run(one_hot, 'segmentation', 'rgb') - batch['RS']['rgb']).abs().mean()
        + (run(depth, 'depth', 'rgb') - batch['RD']['rgb']).abs().mean()
    )
    terms = model.generator_losses(batch)
    torch.testing.assert_close(terms['supervised'], wanted)
    # of four colour images two went to depth and two to labels, and back
    there_and_back = run(run(rgb[:2], 'rgb', 'depth'), 'depth', 'rgb')
    torch.testing.assert_close(terms['rgb_by_depth'], (there_and_back - rgb[:2]).abs().mean())
    there_and_back = run(run(rgb[2:], 'rgb', 'segmentation'), 'segmentation', 'rgb')
    torch.testing.assert_close(terms['rgb_by_segmentation'], (there_and_back - rgb[2:]).abs().mean())

    # modalities and their targets are sorted: depth, rgb, segmentation
    fakes = dict(
        depth=torch.cat([run(rgb[:2], 'rgb', 'depth'), run(one_hot[:1], 'segmentation', 'depth')]),
        rgb=torch.cat([run(depth[:1], 'depth', 'rgb'), run(one_hot[1:], 'segmentation', 'rgb')]),
        segmentation=torch.cat([run(depth[1:], 'depth', 'segmentation'), run(rgb[2:], 'rgb', 'segmentation')]),
    )
    scored = {name: model.critic(fake, name) for name, fake in fakes.items()}
    wanted = -sum(scores.mean() for scores, _ in scored.values()) / 3
    torch.testing.assert_close(terms['adversarial'], wanted)
    wanted = -sum(logits.log_softmax(1)[:, i].mean() for i, (_, logits) in enumerate(scored.values())) / 3
    torch.testing.assert_close(terms['domain'], wanted)


def test_order_of_the_config_does_not_matter():
    config = cross_modal_stargan_config(reconstruction=SUM)
    networks = {key: dict(value) for key, value in config['networks'].items()}
    networks['generator']['channels'] = dict(reversed(networks['generator']['channels'].items()))
    networks['critic']['in_channels'] = dict(reversed(networks['critic']['in_channels'].items()))
    modalities = dict(reversed(config['modalities'].items()))
    one, other = build(config), build(config | dict(networks=networks, modalities=modalities))
    other.load_state_dict(one.state_dict())
    logs = [model.train_step(sets_batch(4), optimizers(model)) for model in (one, other)]
    assert logs[0].keys() == logs[1].keys()
    for key, value in logs[0].items():
        torch.testing.assert_close(logs[1][key], value)


def test_supervision_needs_aligned_samples():
    model = build(cross_modal_stargan_config(supervised=SUM))
    apart = {name: {name: value} for name, value in aligned_samples(4).items()}
    with pytest.raises(ValueError, match='needs sets of aligned samples'):
        model.train_step(apart, optimizers(model))


def test_networks_between_modalities_must_fit():
    config = cross_modal_stargan_config()
    config['networks']['critic']['in_channels'] = dict(rgb=3, depth=1)
    with pytest.raises(ValueError, match=r'critic\.in_channels must be'):
        build(config)
