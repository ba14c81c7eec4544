"""MUNIT and UDIT: who learns from what, wrong configs."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import udit_toys as toys
from PIL import Image
from torch.nn import functional as F

from mmgentransfer.datasets import UnpairedDomains
from mmgentransfer.models.losses import LSGANLoss
from mmgentransfer.models.methods.udit import munit

A, B = toys.DOMAINS
NETWORKS = ('content_encoders', 'style_encoders', 'decoders', 'discriminators')


def test_least_squares_over_three_scales():
    loss = LSGANLoss(critic_scale=0.5)
    half, zero, one = ([torch.full((2, 1, s, s), value) for s in (8, 4, 2)] for value in (0.5, 0.0, 1.0))
    assert sum(map(loss.critic, half, half)).item() == pytest.approx(0.75)
    assert sum(map(loss.generator, half)).item() == pytest.approx(0.75)
    assert sum(map(LSGANLoss().critic, half, half)).item() == pytest.approx(1.5)
    assert sum(map(loss.critic, one, zero)).item() == 0
    assert sum(map(loss.generator, zero)).item() == pytest.approx(3)


# ----------------------------------------------------------------------------------------------- who learns from what


def reached(model):
    """Returns the networks, by name and domain, that have a gradient, and those of which it is not 0."""
    found = {
        f'{name}.{domain}': [p.grad for p in getattr(model, name)[domain].parameters() if p.grad is not None]
        for name in NETWORKS
        for domain in toys.DOMAINS
    }
    return {key for key, grads in found.items() if grads}, {
        key for key, grads in found.items() if any(map(_any, grads))
    }


def _any(gradient):
    return bool((gradient != 0).any())


TERMS = dict(
    adversarial={f'content_encoders.{A}', f'decoders.{B}', f'discriminators.{B}'},
    reconstruction={f'content_encoders.{A}', f'style_encoders.{A}', f'decoders.{A}'},
    content={f'content_encoders.{A}', f'decoders.{B}', f'content_encoders.{B}'},
    style={f'content_encoders.{A}', f'decoders.{B}', f'style_encoders.{B}'},
    semantic={f'content_encoders.{A}', f'decoders.{B}'},
    cycle={f'content_encoders.{A}', f'style_encoders.{A}', f'decoders.{B}', f'content_encoders.{B}', f'decoders.{A}'},
)


@pytest.mark.parametrize('alone', [False, True])
@pytest.mark.parametrize('family', ['munit', 'pool_index'])
@pytest.mark.parametrize('term', TERMS)
def test_what_a_term_of_one_direction_reaches(monkeypatch, family, term, alone):
    """A term by itself gives no other network any gradient; zeros come of a pass that is shared with other terms."""
    one_way = dict(directions=[f'{A}_to_{B}']) if alone else {}
    semantic = toys.constraint(feature_scale=1.0, **one_way)
    losses = toys.losses(semantic=semantic, cycle=dict(type='L1Loss'))
    if alone:
        losses = {name: dict(loss, loss_weight=float(name == term)) for name, loss in losses.items()}
    model = toys.build('UDIT', family=family, losses=losses)
    kept = {}
    monkeypatch.setattr(munit, '_summed', lambda name, values: kept.setdefault(name, values))
    model.generator_losses(toys.prepared(model))
    key = {'adversarial': B, 'style': B, 'semantic': f'{A}_to_{B}'}.get(term, A)
    kept[term][key].backward()
    some, other_than_0 = reached(model)
    assert other_than_0 == TERMS[term]
    if alone:  # images are rebuilt in one pass with the translations from the other domain
        assert some - {f'content_encoders.{B}'} == TERMS[term] if term == 'reconstruction' else some == TERMS[term]
    for network in (loss.network for loss in model.constraints.values()):
        assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize('family', ['munit', 'pool_index'])
def test_the_discriminators_terms_reach_nothing_else(family):
    model = toys.build(family=family)
    sum(model.discriminator_losses(toys.prepared(model)).values()).backward()
    some, other_than_0 = reached(model)
    assert some == other_than_0 == {f'discriminators.{A}', f'discriminators.{B}'}


def test_players_leave_each_other_alone():
    model = toys.build()
    wrappers = toys.optimisers(model)
    before = copy.deepcopy(model.state_dict())
    model.moves = model.moves[:1]
    model.train_step(toys.random_batch(), wrappers)
    changed = {key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {'discriminators'}
    players = [network for name in NETWORKS[:3] for network in getattr(model, name).values()]
    assert all(p.grad is None for network in players for p in network.parameters())
    model = toys.build()
    wrappers = toys.optimisers(model)
    model.moves = model.moves[1:]
    model.train_step(toys.random_batch(), wrappers)
    changed = {key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {'content_encoders', 'style_encoders', 'decoders'}
    assert all(p.grad is None for p in model.discriminators.parameters())


def test_images_are_encoded_once_and_styles_drawn_twice(monkeypatch):
    model = toys.build()
    calls, styles = [], []
    for domain in toys.DOMAINS:
        model.content_encoders[domain].register_forward_hook(lambda m, i, o, d=domain: calls.append((d, len(i[0]))))
        model.decoders[domain].mlp.register_forward_pre_hook(lambda m, i: styles.append(i[0].detach().clone()))
    model.train_step(toys.random_batch(), toys.optimisers(model))
    assert sorted(calls) == [(A, 4), (A, 4), (B, 4), (B, 4)]  # the images, and the translations again
    judged, made = styles[:2], [part[4:] for part in styles[2:]]
    assert [len(part) for part in styles] == [4, 4, 8, 8]
    assert not any(torch.equal(x, y) for x in judged for y in made)


def test_terms_add_up():
    model = toys.build('UDIT', losses=toys.losses(semantic=toys.constraint(feature_scale=1.0)))
    batch = toys.prepared(model)
    terms = model.generator_losses(batch)
    for term in ('adversarial', 'reconstruction', 'content', 'style'):
        parts = [terms[f'{term}_{name}'] for name in toys.DOMAINS]
        torch.testing.assert_close(terms[term].detach(), sum(parts))
    values = model.data_preprocessor(toys.random_batch(3))
    own = model.reconstruct_values(values[A], torch.tensor([[1.0, 0.0]] * 3))
    assert terms[f'reconstruction_{A}'].item() == pytest.approx(F.l1_loss(own, values[A]).item(), rel=1e-4)


def test_detached_content_target():
    gradients = []
    for detach in (False, True):
        weights = dict.fromkeys(('adversarial', 'reconstruction', 'style'), 0)
        model = toys.build(losses={k: {**v, 'loss_weight': weights.get(k, 1)} for k, v in toys.losses().items()},
                           detach_content_target=detach)  # fmt: skip
        model.generator_losses(toys.prepared(model))['content'].backward()
        gradients.append(model.content_encoders[A].layers[0][0].weight.grad)
    assert not torch.allclose(*gradients)


# ------------------------------------------------------------------------------------------------------ wrong configs


def test_udit_needs_a_constraint():
    with pytest.raises(ValueError, match=r"needs a SemanticConstraintLoss.*model.type='MUNIT'"):
        toys.build('UDIT')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(losses={**toys.losses(), 'semantics': dict(type='L1Loss')}), "has 'semantics', a L1Loss"),
        (dict(losses={'adversarial': dict(type='LSGANLoss')}), r"lacks \['reconstruction', 'content', 'style'\]"),
        (dict(losses=toys.losses(u=toys.constraint(directions=['flat_to_textures']))),
         "Did you mean 'flat_to_textured'"),
        (dict(losses=toys.losses(u=toys.constraint(value_range=(0, 1)))), r'u.value_range=\(0.0, 1.0\) must be that'),
        (dict(networks={**toys.networks(4), 'style_encoders': dict(type='MUNITStyleEncoder', style_dim=3)}),
         'every style_dim must be the same'),
        (dict(networks={**toys.networks(4), 'decoders': dict(type='MUNITDecoder', base_channels=3)}),
         'channels of the contents must be the same'),
        (dict(networks={**toys.networks(4), 'decoders': dict(flat=dict(type='MUNITDecoder', base_channels=2))}),
         r"decoders has \['flat'\]; it needs the domains"),
    ],
)  # fmt: skip
def test_wrong_configs(change, message):
    with pytest.raises(ValueError, match=message):
        toys.build(**change)


def test_data_that_does_not_suit():
    model = toys.build(networks={**toys.networks(2), 'discriminators': dict(type='MultiScaleDiscriminator')})
    with pytest.raises(ValueError, match=r'16x16 pixels, but model.networks.discriminators.* takes sides of 64'):
        model.check_dataset(toys.bags(100))
    data = toys.bags(100)
    with pytest.raises(ValueError, match=r"has \['flat'\], but model.domains are"):
        model.check_dataset([{A: data[0][A]}])
    with pytest.raises(ValueError, match=r'1 channels, but model.networks.content_encoders.*in_channels is 3'):
        model.check_dataset([{name: data[0][name][:1] for name in data[0]}])
    networks = toys.networks(2)
    networks['content_encoders'].update(num_downs=2)
    networks['decoders'].update(num_ups=2)
    small = toys.build(networks=networks)
    with pytest.raises(ValueError, match=r'18x18 pixels, but .* takes multiples of 4'):
        small.check_dataset([{name: torch.zeros(3, 18, 18, dtype=torch.uint8) for name in toys.DOMAINS}])


def test_images_that_are_cropped_while_training():
    networks = toys.networks(2)
    networks['content_encoders'].update(num_downs=2)
    networks['decoders'].update(num_ups=2)
    data = [{name: torch.zeros(3, 18, 18, dtype=torch.uint8) for name in toys.DOMAINS}]
    cropped = dict(type='ImagePreprocessor', random_crop=16)
    model = toys.build(networks=networks, data_preprocessor=cropped)
    model.check_dataset(data)
    with pytest.raises(ValueError, match=r'val_dataloader.*18x18 pixels, but .* takes multiples of 4'):
        model.check_dataset(data, 'val_dataloader')  # of which all is seen


def test_longer_sides_are_cut_at_random_while_training(tmp_path):
    """The shorter side is the networks', the longer one is kept (spec: resize the short side, random crop)."""
    ramp = np.arange(24, dtype=np.uint8)[None, :, None].repeat(16, 0).repeat(3, 2) * 10
    for name, image in zip(toys.DOMAINS, (ramp, 255 - ramp), strict=True):
        (tmp_path / name).mkdir()
        Image.fromarray(image).save(tmp_path / name / 'a.png')
    folders = {
        name: dict(type='ImageFolder', data_root=str(tmp_path / name), image_size=(16, 24)) for name in toys.DOMAINS
    }
    data = UnpairedDomains(domains=folders)
    assert data[0][toys.DOMAINS[0]].shape == (3, 16, 24)
    model = toys.build(
        'UDIT',
        losses=toys.losses(semantic=toys.constraint()),
        data_preprocessor=dict(type='ImagePreprocessor', random_crop=16),
    )
    seen, calibrate = [], model.losses['semantic'].calibrate
    model.losses['semantic'].calibrate = lambda images: seen.append(images.shape) or calibrate(images)
    model.check_dataset(data)  # the scale is measured on images as the networks see them
    assert seen == [(2, 3, 16, 16)]
    logs = model.train_step(data.__getitems__([0] * 4), toys.optimisers(model, lr=1e-3))
    assert all(torch.isfinite(torch.as_tensor(value)) for value in logs.values())
