"""TransferGAN: gradients of the two moves, counts of updates, the four initialisations."""

from __future__ import annotations

import itertools

import pytest
import torch

from mmgentransfer.models.game import Batch
from mmgentransfer.models.step_random import StepRandom


@pytest.fixture
def source(tmp_path, build_game, build_wrappers, digit_images, game_configs):
    """A source GAN after one iteration, and its checkpoint, which holds optimiser states too."""
    model = build_game(game_configs['TransferGAN'](), seed=99)
    wrappers = build_wrappers(model)
    model.train_step(digit_images(4), wrappers, iteration=0, seed=99)
    path = tmp_path / 'iter_1.pth'
    torch.save(dict(state_dict=model.state_dict(), optimizer=wrappers.state_dict(), meta=dict(iter=1)), path)
    return model, str(path)


def recorded_gradients(wrapper):
    """Returns a list to which every optimiser step adds the gradients that it is given."""
    steps = []

    def record(optimizer, args, kwargs):
        parameters = [p for group in optimizer.param_groups for p in group['params']]
        steps.append({p: None if p.grad is None else p.grad.clone() for p in parameters})

    wrapper.optimizer.register_step_pre_hook(record)
    return steps


def test_critic_move(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    config = game_configs['TransferGAN']() | dict(moves=[dict(player='critic')])
    model = build_game(config)
    wrappers = build_wrappers(model)
    gradients = recorded_gradients(wrappers['critic'])
    generator, critic = state_of(model.generator), state_of(model.critic)
    model.train_step(digit_images(8), wrappers)

    buffers = {name for name, _ in model.generator.named_buffers()}
    assert changed(model.generator, generator) <= buffers
    assert all(p.grad is None for p in model.generator.parameters())
    # the output bias adds the same to the score of real and fake images, and nothing to the penalty
    assert changed(model.critic, critic) == set(critic) - {'score_head.bias'}
    assert torch.count_nonzero(gradients[0][model.critic.score_head.bias]) == 0


def test_generator_move(game_configs, build_game, build_wrappers, digit_images, state_of, changed):
    torch.set_default_dtype(torch.float64)
    try:
        model = build_game(game_configs['TransferGAN']() | dict(moves=[dict(player='generator')]))
        wrappers = build_wrappers(model)
        gradients = recorded_gradients(wrappers['generator'])
        critic = state_of(model.critic)
        model.train_step(digit_images(8), wrappers)
    finally:
        torch.set_default_dtype(torch.float32)

    assert changed(model.critic, critic) == set()
    assert all(p.grad is None for p in model.critic.parameters())
    # the last batch norm takes away what these biases add to a channel
    removed = {'blocks.0.conv2.bias', 'blocks.0.shortcut.bias'}
    for name, parameter in model.generator.named_parameters():
        size = gradients[0][parameter].abs().max()
        assert (size < 1e-12) if name in removed else (size > 1e-6), (name, size)


def test_counts_of_updates(game_configs, build_game, build_wrappers, digit_images):
    model = build_game(game_configs['TransferGAN'](n_critic=5, width=2))
    wrappers = build_wrappers(model)
    for iteration in range(7):
        model.train_step(digit_images(10), wrappers, iteration)
    for player, expected in (('critic', 35), ('generator', 7)):
        states = wrappers[player].optimizer.state.values()
        assert {int(state['step']) for state in states} == {expected}
    with pytest.raises(ValueError, match='batch of 12 images'):
        model.train_step(digit_images(12), wrappers, 7)


def test_step_is_what_the_equations_say(game_configs, build_game, build_wrappers, digit_images):
    """The gradients of one iteration against thesis eqs. 2.3 and 2.4, written out."""
    model = build_game(game_configs['TransferGAN'](width=4))
    wrappers = build_wrappers(model, type='SGD', lr=0.0)
    critic_steps, generator_steps = (recorded_gradients(wrappers[name]) for name in ('critic', 'generator'))
    data = digit_images(6)
    model.train_step(data, wrappers, iteration=3, seed=11)

    random = StepRandom(11, 3, 0, 0, 0)
    real = data['images'].float() / 127.5 - 1
    fake = model.generator(random.normal(6, 32)).detach()
    alpha = random.uniform(6).view(6, 1, 1, 1)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(model.critic(between).sum(), between, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss = model.critic(fake).mean() - model.critic(real).mean() + 10 * penalty
    expected = torch.autograd.grad(loss, list(model.critic.parameters()), allow_unused=True)
    for (name, parameter), gradient in zip(model.critic.named_parameters(), expected, strict=True):
        if name != 'score_head.bias':  # up to rounding 0
            torch.testing.assert_close(critic_steps[0][parameter], gradient, rtol=1e-4, atol=1e-6)

    fake = model.generator(StepRandom(11, 3, 1, 0, 0).normal(6, 32))
    expected = torch.autograd.grad(-model.critic(fake).mean(), list(model.generator.parameters()))
    for parameter, gradient in zip(model.generator.parameters(), expected, strict=True):
        torch.testing.assert_close(generator_steps[0][parameter], gradient, rtol=1e-4, atol=1e-7)


def test_each_update_has_noise_of_its_own(game_configs, build_game, build_wrappers, digit_images, monkeypatch):
    model = build_game(game_configs['TransferGAN'](n_critic=2, width=2))
    wrappers = build_wrappers(model)
    drawn = []
    original = type(model).images_from

    def images_from(self, latents, which='live'):
        drawn.append(latents.clone())
        return original(self, latents, which)

    monkeypatch.setattr(type(model), 'images_from', images_from)
    for iteration, seed in ((0, 0), (1, 0), (0, 1)):
        model.train_step(digit_images(4), wrappers, iteration, seed)
    assert len(drawn) == 9
    assert all(not torch.equal(a, b) for a, b in itertools.combinations(drawn, 2))


@pytest.mark.parametrize('pretrained', [(), ('generator',), ('critic',), ('generator', 'critic')])
def test_four_initialisations(pretrained, source, game_configs, build_game, build_wrappers):
    source_model, path = source
    config = game_configs['TransferGAN']()
    scratch = build_game(config, seed=3)
    for name in pretrained:
        config['networks'][name]['init_cfg'] = dict(type='TransferredWeights', checkpoint=path, prefix=name)
    model = build_game(config, seed=3)
    for name in ('generator', 'critic'):
        expected = (source_model if name in pretrained else scratch).network(name).state_dict()
        got = model.network(name).state_dict()
        assert list(got) == list(expected)
        assert all(torch.equal(got[key], expected[key]) for key in expected)
    # the optimiser states in the source's checkpoint stay there
    assert all(len(wrapper.optimizer.state) == 0 for wrapper in build_wrappers(model).values())


def test_source_and_scratch_differ(source, game_configs, build_game):
    """Else the four initialisations would be one."""
    scratch = build_game(game_configs['TransferGAN'](), seed=3)
    for name in ('generator', 'critic'):
        mine, theirs = scratch.network(name).state_dict(), source[0].network(name).state_dict()
        assert sum(not torch.equal(mine[key], theirs[key]) for key in mine) > len(mine) / 2


def test_scores_that_depend_on_their_batch_are_computed_apart(game_configs, build_game, digit_images):
    """A critic that says so gets real and fake images in calls of their own."""
    model = build_game(game_configs['TransferGAN'](width=2))
    batch = Batch(dict(images=torch.rand(3, 1, 8, 8)), StepRandom(0))
    sizes = []
    model.losses.pop('gradient_penalty')
    model.critic.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    together = model.critic_losses(batch)['adversarial']
    model.critic.mixes_images = True
    apart = model.critic_losses(Batch(dict(batch), StepRandom(0)))['adversarial']
    assert sizes == [6, 3, 3]
    torch.testing.assert_close(together, apart)


def test_networks_are_required(game_configs, build_game):
    config = game_configs['TransferGAN'](width=2)
    config['networks']['generators'] = config['networks'].pop('generator')
    with pytest.raises(ValueError, match=r"model\.networks has 'generators'.*Did you mean 'generator'"):
        build_game(config)
