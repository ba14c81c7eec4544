"""SDIT's training: its terms, who learns from what, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sdit_toys import DOMAINS, MULTI, NO_LATENT, VARIANTS, sdit_config
from torch import nn
from translator_toys import build, optimizers, prepared

from mmgentransfer.models.losses import (
    DomainLoss,
    GradientPenalty,
    L1Loss,
    LatentCodeLoss,
    LogisticLoss,
    WassersteinLoss,
)
from mmgentransfer.models.step_random import StepRandom


def toy_batch(num=4, multi=False, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (num, 3, 16, 16), generator=generator, dtype=torch.uint8)
    labels = torch.arange(num) % 4
    vectors = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 0], [0, 1, 0, 1]])
    return dict(images=images, labels=vectors[labels] if multi else labels)


# ---------------------------------------------------------------------- terms by hand


def test_domain_terms():
    assert DomainLoss(exclusive=False)(torch.zeros(2, 5), torch.ones(2, 5)).item() == pytest.approx(5 * math.log(2))
    term = DomainLoss(exclusive=False)(torch.tensor([[2.0, -1.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]]))
    assert term.item() == pytest.approx(1.133337, abs=1e-5)
    assert DomainLoss()(torch.zeros(3, 4), torch.eye(4)[:3]).item() == pytest.approx(1.386294, abs=1e-5)
    term = DomainLoss()(torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.eye(4)[:1])
    assert term.item() == pytest.approx(0.340753, abs=1e-5)


def test_adversarial_terms():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.5])
    for loss, critic, generator in ((WassersteinLoss(), -2.25, 0.25), (LogisticLoss(), 0.824594, 0.893669)):
        assert loss.critic(real, fake).item() == pytest.approx(critic, abs=1e-5)
        assert loss.generator(fake).item() == pytest.approx(generator, abs=1e-5)


def test_gradient_penalty_of_patches():
    real, fake = torch.randn(3, 2), torch.randn(3, 2)
    alpha, weight = torch.rand(3), torch.tensor([3.0, 4.0])

    def patches(num):
        return lambda x: (x @ weight)[:, None].expand(-1, num)

    assert GradientPenalty()(patches(1), real, fake, alpha).item() == pytest.approx(16)
    assert GradientPenalty()(patches(4), real, fake, alpha).item() == pytest.approx(361)
    assert GradientPenalty(patch_reduction='mean')(patches(4), real, fake, alpha).item() == pytest.approx(16)
    images = torch.randn(2, 3, 2, 2)
    term = GradientPenalty()(lambda x: x.flatten(1).sum(1), images, images, torch.rand(2))
    assert term.item() == pytest.approx(6.071797, abs=1e-5)
    with pytest.raises(ValueError, match="patch_reduction='max'"):
        GradientPenalty(patch_reduction='max')


def test_penalty_is_of_the_scores_alone():
    judge = build(sdit_config()).discriminator
    images = torch.rand(2, 3, 16, 16)
    GradientPenalty()(judge.score, images, images.flip(0), torch.rand(2)).backward()
    assert judge.score_head.weight.grad is not None
    assert all(p.grad is None for head in (judge.domain_head, judge.code_head) for p in head.parameters())


def test_code_and_reconstruction_terms():
    predicted, codes = torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[1.0, -1.0], [0.0, 2.0]])
    assert LatentCodeLoss()(predicted, codes).item() == 1.25
    assert LatentCodeLoss(norm='l2')(predicted, codes).item() == 2.25
    with pytest.raises(ValueError, match="norm='l3'"):
        LatentCodeLoss(norm='l3')
    assert L1Loss()(torch.full((2, 3, 4, 4), -0.25), torch.full((2, 3, 4, 4), 0.5)).item() == 0.75


@pytest.mark.parametrize('multi', [False, True])
def test_terms_written_out(multi):
    """Both players' terms from the networks' forward passes, with the step's own random numbers."""
    model = build(sdit_config(**(MULTI if multi else {})))
    data = model.data_preprocessor(toy_batch(multi=multi))
    real, own = data['images'], data['labels'].float() if multi else torch.eye(4)[data['labels']]
    random = StepRandom(1, 0)
    target = own[random.uniform(4).argsort()]
    codes = random.normal(4, 2)
    fake = model.generator(real, target, codes)
    of_real, of_fake = model.discriminator(real), model.discriminator(fake)

    def classification(logits, domains):
        if multi:
            return nn.functional.binary_cross_entropy(logits.sigmoid(), domains) * logits.shape[1]
        return -(logits.log_softmax(1) * domains).sum(1).mean()

    terms = model.discriminator_losses(prepared(model, toy_batch(multi=multi)))
    assert terms.pop('gradient_penalty') > 0
    wanted = dict(
        adversarial=of_fake.scores.mean() - of_real.scores.mean(),
        discriminator_domain=classification(of_real.domains, own),
        discriminator_latent=(of_fake.codes - codes).abs().mean(),
    )
    torch.testing.assert_close(terms, wanted)

    terms = model.generator_losses(prepared(model, toy_batch(multi=multi)))
    attention = model.generator.encode(real, target)[1]
    wanted = dict(
        adversarial=-of_fake.scores.mean(),
        generator_domain=classification(of_fake.domains, target),
        generator_latent=(of_fake.codes - codes).abs().mean(),
        reconstruction=(model.generator(fake, own, codes) - real).abs().mean(),
        attention_mean=attention.mean(),
        attention_deviation=attention.flatten(2).std(2).mean(),
    )
    torch.testing.assert_close(terms, wanted)


def test_the_way_back_may_have_its_own_code():
    batch = toy_batch()
    same, other = (
        model.generator_losses(prepared(model, batch))
        for model in (build(sdit_config()), build(sdit_config(cycle_code='resample')))
    )
    assert torch.equal(same['generator_latent'], other['generator_latent'])
    assert not torch.equal(same['reconstruction'], other['reconstruction'])


@pytest.mark.parametrize(('options', 'wanted'), [({}, 3224), (dict(losses__discriminator_latent=None), 24)])
def test_weights_of_the_discriminator(options, wanted):
    options = dict(losses__generator_latent__loss_weight=800, losses__discriminator_latent__loss_weight=800) | options
    model = build(sdit_config(**options))
    raw = dict(adversarial=1, gradient_penalty=2, discriminator_domain=3, discriminator_latent=4)
    computed = model.discriminator_losses(prepared(model, toy_batch()))
    assert sum(model.weight(name) * raw[name] for name in computed) == wanted


def test_weights_of_the_generator():
    model = build(sdit_config(losses__generator_latent__loss_weight=800))
    raw = dict(adversarial=1, generator_domain=2, generator_latent=3, reconstruction=4)
    raw |= dict(attention_mean=1000, attention_deviation=1000)
    computed = model.generator_losses(prepared(model, toy_batch()))
    assert sum(model.weight(name) * raw[name] for name in computed) == 2443


def test_terms_of_weight_zero_are_not_computed():
    model = build(sdit_config(**NO_LATENT))
    model.discriminator.code_head.register_forward_hook(lambda *_: pytest.fail('the code head was run'))
    for player in ('discriminator', 'generator'):
        terms = getattr(model, f'{player}_losses')(prepared(model, toy_batch()))
        assert not any('latent' in name for name in terms)
        sum(value for value in terms.values() if value.requires_grad).backward()
    assert all(p.grad is None for p in model.discriminator.code_head.parameters())


# ---------------------------------------------------------------------- who learns from what


def test_the_discriminator_learns_alone(state_of, changed):
    model = build(sdit_config(moves=[dict(player='discriminator')]))
    before = state_of(model)
    model.train_step(toy_batch(5), optimizers(model))
    assert changed(model, before) == {name for name in before if name.startswith('discriminator.')}


def test_a_code_head_that_is_not_trained(state_of, changed):
    options = dict(moves=[dict(player='discriminator')], losses__discriminator_latent=None)
    model = build(sdit_config(**options))
    before = state_of(model)
    model.train_step(toy_batch(), optimizers(model))
    trained = {name for name in before if name.startswith('discriminator.') and '.code_head.' not in name}
    assert changed(model, before) == trained


def test_the_generator_learns_alone(state_of, changed):
    model = build(sdit_config(moves=[dict(player='generator')]))
    before = state_of(model)
    model.train_step(toy_batch(), optimizers(model))
    assert changed(model, before) == {name for name in before if name.startswith('generator.')}


def test_the_cycle_alone_teaches_the_mapping_through_the_translation():
    options = {f'losses__{name}__loss_weight': 0 for name in ('adversarial', 'generator_domain', 'generator_latent')}
    model = build(sdit_config(**options))
    model.discriminator.register_forward_hook(lambda *_: pytest.fail('the discriminator was run'))
    model.discriminator.layers.register_forward_hook(lambda *_: pytest.fail('the discriminator was run'))
    images = []
    model.generator.decoder.register_forward_hook(lambda m, i, out: (out.retain_grad(), images.append(out))[0])
    terms = model.generator_losses(prepared(model, toy_batch()))
    terms['reconstruction'].backward()
    assert len(images) == 2
    assert images[0].grad.abs().max() > 0
    for name, parameter in model.generator.named_parameters():
        assert parameter.grad.abs().max() > 0, name


def test_five_updates_of_the_discriminator_come_first():
    model = build(sdit_config(**VARIANTS['five_steps']))
    wrappers, seen = optimizers(model), []
    for player in model.players:
        wrappers[player].optimizer.register_step_post_hook(lambda *_, player=player: seen.append(player))
    for iteration in range(2):
        model.train_step(toy_batch(20), wrappers, iteration)
    assert seen == (['discriminator'] * 5 + ['generator']) * 2


# ---------------------------------------------------------------------- targets


@pytest.mark.parametrize('mode', ['permute', 'uniform', 'uniform_other'])
def test_targets(mode):
    model = build(sdit_config(target_sampling=mode))
    batch = prepared(
        model, dict(images=torch.zeros(400, 3, 16, 16, dtype=torch.uint8), labels=torch.arange(400) // 390)
    )
    own, target = model._targets(batch)
    assert torch.equal(own.argmax(1), batch['labels'])
    counts = target.sum(0).tolist()
    if mode == 'permute':
        assert counts == [390, 10, 0, 0]
        assert not torch.equal(own, target)
    elif mode == 'uniform':
        assert min(counts) > 70
    else:
        assert (own * target).sum() == 0
        assert counts[0] <= 10
        assert min(counts[1:]) > 100


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(losses__cycle=dict(type='L1Loss')), "losses has 'cycle'"),
        (dict(losses__adversarial=None), r"lacks \['adversarial'\]"),
        (dict(losses__generator_domain__exclusive=False), 'exclusive must be the same'),
        (dict(domains=['a', 'b']), 'generator.num_domains is 4, but model.domains has 2'),
        (dict(networks__generator__mapping__code_dim=3), 'mapping.code_dim is 3, but .*code_dim is 2'),
        (dict(networks__discriminator__code_head=None), 'latent needs model.networks.discriminator.code_head'),
        (dict(cycle_code='other'), "cycle_code='other' must be one of"),
        (dict(target_sampling='random'), "target_sampling='random' must be one of"),
        (dict(target_sampling='uniform', **MULTI), "use 'permute'"),
        (dict(exclusive_groups=[['yellow', 'red']]), 'all domains exclude each other'),
        (dict(exclusive_groups=[['black', 'white']], **MULTI), "names 'black', which is none of"),
        (dict(exclusive_groups=[['yellow']], **MULTI), 'must be lists of two or more'),
        (dict(exclusive_groups=[['yellow', 'red'], ['red', 'blue']], **MULTI), 'each of which is in one group'),
    ],
)
def test_models_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(sdit_config(**options))


class Items(list):
    classes = ()


@pytest.mark.parametrize(
    ('options', 'item', 'classes', 'message'),
    [
        (
            {},
            dict(images=torch.zeros(3, 32, 32), labels=torch.tensor(0)),
            (),
            r'shape \(3, 32, 32\), but .*\(3, 16, 16\)',
        ),
        ({}, dict(images=torch.zeros(3, 16, 16)), (), 'have no labels'),
        ({}, dict(images=torch.zeros(3, 16, 16), labels=torch.zeros(4)), (), 'exclusive=True needs labels'),
        (MULTI, dict(images=torch.zeros(3, 16, 16), labels=torch.zeros(6)), (), r'shape \(4,\) for an image.*\(6,\)'),
        ({}, dict(images=torch.zeros(3, 16, 16), labels=torch.tensor(0)), DOMAINS[::-1], 'but model.domains is'),
        (
            dict(networks__generator__num_down=5),
            dict(images=torch.zeros(3, 16, 16), labels=torch.tensor(0)),
            (),
            'multiple of 32',
        ),
    ],
)
def test_data_that_does_not_fit_is_refused(options, item, classes, message):
    data = Items([item])
    data.classes = classes
    with pytest.raises(ValueError, match=message):
        build(sdit_config(**options)).check_dataset(data)


# ---------------------------------------------------------------------- every variant


@pytest.mark.parametrize('name', list(VARIANTS))
def test_variants_train_resume_and_translate(name, tmp_path):
    """Two iterations in one go, or with the state stored after the first, are the same bit for bit."""
    config = sdit_config(**VARIANTS[name])
    multi, steps = name == 'attributes', 5 if name == 'five_steps' else 1
    model = build(config)
    wrappers = optimizers(model)
    for iteration in range(2):
        logs = model.train_step(toy_batch(4 * steps, multi, iteration), wrappers, iteration)
        assert all(torch.isfinite(value) for value in logs.values())
        if not iteration:
            torch.save(dict(model=model.state_dict(), optimizers=wrappers.state_dict()), tmp_path / 'state.pth')
    resumed = build(config, seed=1)
    wrappers = optimizers(resumed)
    state = torch.load(tmp_path / 'state.pth')
    resumed.load_state_dict(state['model'])
    wrappers.load_state_dict(state['optimizers'])
    resumed.train_step(toy_batch(4 * steps, multi, 1), wrappers, 1)
    for key, value in model.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    assert model.translate(images, 'blue', num_samples=3).shape == (2, 3, 16, 16, 3)
