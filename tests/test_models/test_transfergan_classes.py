"""TransferGAN with classes: the AC-GAN of thesis section 2.4.1."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import init_model, train
from mmgentransfer.cli import main
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods import TransferGAN
from mmgentransfer.models.step_random import StepRandom

K = 4


@pytest.fixture
def acgan_config(game_configs):
    def make(cond_mode='bnorm', width=4, n_critic=1, on_fake=False, weights=(1.0, 1.0)):
        config = game_configs['TransferGAN'](n_critic, width)
        config['networks']['generator'].update(num_classes=K, cond_mode=cond_mode)
        config['networks']['critic'].update(num_classes=K)
        config['losses'].update(
            critic_class=dict(type='AuxiliaryClassifierLoss', loss_weight=weights[0], on_fake=on_fake),
            generator_class=dict(type='AuxiliaryClassifierLoss', loss_weight=weights[1]),
        )
        return config

    return make


@pytest.fixture
def labelled(digit_images):
    return lambda num: digit_images(num) | dict(labels=torch.arange(num) % K)


def gradients_of(wrapper):
    steps = []

    def record(optimizer, args, kwargs):
        steps.append({p: p.grad.clone() for group in optimizer.param_groups for p in group['params']})

    wrapper.optimizer.register_step_pre_hook(record)
    return steps


@pytest.mark.parametrize('on_fake', [False, True])
@pytest.mark.parametrize('cond_mode', ['bnorm', 'concat'])
def test_step_is_what_the_equations_say(acgan_config, build_game, build_wrappers, labelled, cond_mode, on_fake):
    """The gradients of one iteration against thesis eqs. 2.3, 2.4, 2.7 and 2.8, written out."""
    model = build_game(acgan_config(cond_mode, on_fake=on_fake, weights=(0.5, 2.0)))
    wrappers = build_wrappers(model, type='SGD', lr=0.0)
    critic_steps, generator_steps = (gradients_of(wrappers[name]) for name in ('critic', 'generator'))
    data = labelled(6)
    logs = model.train_step(data, wrappers, iteration=3, seed=11)

    random = StepRandom(11, 3, 0, 0, 0)
    real = data['images'].float() / 127.5 - 1
    noise, labels = random.normal(6, 32), random.integers(K, 6)
    fake = model.generator(noise, labels).detach()
    alpha = random.uniform(6).view(6, 1, 1, 1)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(model.critic(between)[0].sum(), between, create_graph=True)
    (real_scores, real_logits), (fake_scores, fake_logits) = model.critic(real), model.critic(fake)
    entropy = F.cross_entropy(real_logits, data['labels'])
    if on_fake:
        entropy = (entropy + F.cross_entropy(fake_logits, labels)) / 2
    loss = fake_scores.mean() - real_scores.mean() + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    names, parameters = zip(*model.critic.named_parameters(), strict=True)
    expected = torch.autograd.grad(loss + 0.5 * entropy, parameters, allow_unused=True)
    for name, parameter, gradient in zip(names, parameters, expected, strict=True):
        if name != 'score_head.bias':  # up to rounding 0
            torch.testing.assert_close(critic_steps[0][parameter], gradient, rtol=1e-4, atol=1e-6)
    assert logs['critic/critic_class'] == pytest.approx(entropy.item(), rel=1e-5)
    share = (real_logits.argmax(1) == data['labels']).float().mean().item()
    assert logs['critic/accuracy_real'] == pytest.approx(share)

    random = StepRandom(11, 3, 1, 0, 0)
    noise, labels = random.normal(6, 32), random.integers(K, 6)
    scores, logits = model.critic(model.generator(noise, labels))
    entropy = F.cross_entropy(logits, labels)
    expected = torch.autograd.grad(-scores.mean() + 2.0 * entropy, list(model.generator.parameters()))
    for parameter, gradient in zip(model.generator.parameters(), expected, strict=True):
        torch.testing.assert_close(generator_steps[0][parameter], gradient, rtol=1e-4, atol=1e-6)
    assert logs['generator/generator_class'] == pytest.approx(entropy.item(), rel=1e-5)
    assert logs['generator/accuracy_fake'] == pytest.approx((logits.argmax(1) == labels).float().mean().item())


def test_fakes_take_no_part_in_the_critics_class_term(acgan_config, build_game, labelled):
    for on_fake in (False, True):
        model = build_game(acgan_config(on_fake=on_fake))
        data = labelled(6)
        values = []
        for seed in (0, 1):
            batch = Batch(data | dict(images=data['images'].float() / 127.5 - 1), StepRandom(seed))
            values.append(model.critic_losses(batch)['critic_class'].item())
        assert (abs(values[0] - values[1]) > 1e-6) == on_fake


def test_classes_that_are_absent_do_not_move(acgan_config, build_game, build_wrappers, labelled, monkeypatch):
    """With fakes of the classes 0 and 2 only, rows 1 and 3 of each norm's tables have no gradient."""
    model = build_game(acgan_config() | dict(moves=[dict(player='generator')]))
    wrappers = build_wrappers(model)
    steps = gradients_of(wrappers['generator'])
    monkeypatch.setattr(StepRandom, 'integers', lambda self, high, num: torch.arange(num) % 2 * 2)
    before = {name: p.detach().clone() for name, p in model.generator.named_parameters()}
    model.train_step(labelled(8), wrappers)
    tables = [name for name, p in before.items() if 'norm' in name]
    assert len(tables) == 6
    for name in tables:
        parameter = dict(model.generator.named_parameters())[name]
        assert torch.count_nonzero(steps[0][parameter][1::2]) == 0
        assert torch.count_nonzero(steps[0][parameter][0::2]) > 0
        assert torch.equal(parameter[1::2], before[name][1::2])
        assert not torch.equal(parameter[0::2], before[name][0::2])


def test_samples_are_balanced_and_follow_their_labels(acgan_config, build_game):
    model = build_game(acgan_config('concat')).eval()
    assert model.balanced_labels(6).tolist() == [0, 1, 2, 3, 0, 1]
    assert model.balanced_labels(3, start=6).tolist() == [2, 3, 0]
    images = model.sample(6, seed=1)
    np.testing.assert_array_equal(images, model.sample(6, seed=1, labels=[0, 1, 2, 3, 0, 1]))
    assert not np.array_equal(images, model.sample(6, seed=1, labels=[1] * 6))
    # one by one as in a batch
    latents, labels = model.draw_latents(8, seed=2), model.balanced_labels(8)
    together = model.generate(latents, labels=labels, batch_size=3)
    alone = [model.generate(latents[i : i + 1], labels=labels[i : i + 1]) for i in range(8)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)
    ends = model.interpolate(latents[0], latents[1], steps=3, label=2)[[0, -1]]
    expected = model.to_pixels(model.generate(latents[:2], labels=[2, 2]))
    assert np.abs(ends.astype(int) - expected).max() <= 1


def test_wrong_labels(acgan_config, build_game, game_configs):
    model = build_game(acgan_config(width=2))
    with pytest.raises(ValueError, match=r'must lie in 0\.\.3, got \[0, 4\]'):
        model.sample(2, labels=[0, 4])
    with pytest.raises(ValueError, match='3 images need 3 labels'):
        model.sample(3, labels=[0, 1])
    plain = build_game(game_configs['TransferGAN'](width=2))
    with pytest.raises(ValueError, match='TransferGAN is unconditional'):
        plain.sample(2, labels=[0, 0])
    with pytest.raises(ValueError, match='its images have no labels'):
        plain.balanced_labels(2)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['losses'].pop('critic_class'), r'model\.losses needs critic_class and generator_class'),
        (lambda c: c['networks']['critic'].update(num_classes=3), 'num_classes=4, model.networks.critic num_classes=3'),
        (lambda c: c['networks']['critic'].update(num_classes=0), 'the critic needs as many classes'),
        (
            lambda c: c['networks']['generator'].update(num_classes=0, cond_mode=None),
            r'model\.losses has critic_class, which needs .*the generator has num_classes=0',
        ),
    ],
)
def test_classes_must_agree(acgan_config, build_game, change, message):
    config = acgan_config(width=2)
    change(config)
    with pytest.raises(ValueError, match=message):
        build_game(config)


def test_critic_that_takes_labels(build_game, build_wrappers, game_configs, labelled):
    """One-hot planes beside the image: fakes of the critic's move have the labels of the real images."""
    config = game_configs['TransferGAN']()
    config['networks'] = dict(
        generator=dict(type='WGANGPGenerator28', noise_size=5, dim=2, num_classes=K),
        critic=dict(type='WGANGPCritic28', dim=2, num_classes=K),
    )
    model = build_game(config)
    wrappers = build_wrappers(model, type='SGD', lr=0.0)
    critic_steps, generator_steps = (gradients_of(wrappers[name]) for name in ('critic', 'generator'))
    labels = torch.tensor([3, 3, 0, 1])
    images = torch.rand(4, 1, 28, 28)
    model.train_step(dict(images=images, labels=labels), wrappers, iteration=2, seed=5)

    random = StepRandom(5, 2, 0, 0, 0)
    fake = model.generator(random.normal(4, 5), labels).detach()
    alpha = random.uniform(4).view(4, 1, 1, 1)
    between = (alpha * images + (1 - alpha) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(model.critic(between, labels).sum(), between, create_graph=True)
    loss = model.critic(fake, labels).mean() - model.critic(images, labels).mean()
    loss = loss + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    parameters = list(model.critic.parameters())[:-1]  # the last bias has none, up to rounding
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        torch.testing.assert_close(critic_steps[0][parameter], gradient, rtol=1e-4, atol=1e-6)

    random = StepRandom(5, 2, 1, 0, 0)
    noise, labels = random.normal(4, 5), random.integers(K, 4)
    loss = -model.critic(model.generator(noise, labels), labels).mean()
    parameters = list(model.generator.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        torch.testing.assert_close(generator_steps[0][parameter], gradient, rtol=1e-4, atol=1e-6)


def test_labels_are_needed(acgan_config, build_game, build_wrappers, digit_images):
    model = build_game(acgan_config(width=2))
    with pytest.raises(ValueError, match=r'needs labels: train_dataloader\.dataset must give them'):
        model.train_step(digit_images(4), build_wrappers(model))


def test_a_whole_run(acgan_config, experiment, monkeypatch, tmp_path):
    """Grids and scores of a model with classes: each batch of the scoring goes on where the last one stopped."""
    cfg = experiment(acgan_config(width=2), iters=2)
    cfg.train_dataloader.dataset.update(classes=[3, 5, 6, 9], labelled=True, relabel=True)
    cfg.default_hooks.sample_grid = dict(type='SampleGridHook', num=2, num_images=10)
    seen = []
    original = TransferGAN.images_from

    def images_from(self, latents, which='live', labels=None):
        if not torch.is_grad_enabled() and which == 'ema':
            seen.append(labels.tolist())
        return original(self, latents, which, labels)

    monkeypatch.setattr(TransferGAN, 'images_from', images_from)
    metrics = train(cfg)
    assert metrics['mv'] > 0
    assert list(itertools.chain(*seen[-2:])) == [i % K for i in range(10)]
    assert [len(part) for part in seen[-2:]] == [5, 5]

    config, out = tmp_path / 'acgan_run.py', tmp_path / 'samples.npz'
    cfg.dump(config)
    arguments = ['sample', str(config), cfg.work_dir, '-o', str(tmp_path / 'samples.png'), '--npz', str(out), '-n', '5']
    model = init_model(cfg, cfg.work_dir)
    for more, labels in (([], [0, 1, 2, 3, 0]), (['--labels', '3', '1'], [3, 1, 3, 1, 3])):
        assert main([*arguments, *more]) == 0
        written = np.load(out)
        assert written['labels'].tolist() == labels
        np.testing.assert_array_equal(written['images'], model.sample(5, labels=labels))
    assert main([*arguments, '--labels', '4']) == 2
