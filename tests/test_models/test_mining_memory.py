"""What mining must not spend memory on: gradients and optimiser states of generators, graphs of images that lose."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch
from torch import nn

from mmgentransfer.models.game import Batch
from mmgentransfer.models.step_random import StepRandom


@contextmanager
def watched_gradients(parameters):
    """Yields a set, to which every parameter that has a gradient or requires one during a backward pass is added."""
    found = set()
    backward = torch.Tensor.backward

    def watched(tensor, *args, **kwargs):
        backward(tensor, *args, **kwargs)
        found.update(name for name, p in parameters.items() if p.grad is not None or p.requires_grad)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, 'backward', watched)
        yield found


@pytest.fixture
def mining(game_configs, build_game, build_wrappers):
    """Makes a MineGAN of ``num`` generators with batch norms, all with the same weights, and its optimisers."""

    def make(num=1):
        config = game_configs['MineGAN'](width=4)
        networks = config['networks']
        networks.update(generators=networks['generators'] * num, miners=networks['miners'] * num)
        model = build_game(config)
        for generator in model.generators[1:]:
            generator.load_state_dict(model.generators[0].state_dict())
        return model, build_wrappers(model)

    return make


@pytest.mark.parametrize('num', [1, 2])
def test_mining_takes_no_gradients_and_no_optimiser_state_for_generators(num, mining, digit_images):
    model, wrappers = mining(num)
    frozen, learning = dict(model.generators.named_parameters()), dict(model.miners.named_parameters())
    states = wrappers['generator'].optimizer.state
    with watched_gradients(frozen) as of_generators, watched_gradients(learning) as of_miners:
        for iteration in range(2):
            model.train_step(digit_images(16), wrappers, iteration)
    assert of_generators == set()
    assert of_miners == set(learning)
    assert all(p.grad is None for p in frozen.values())
    assert not any(p in states for p in frozen.values())
    assert all('exp_avg_sq' in states[p] for p in learning.values())
    norms = [module for module in model.generators.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert not any(module.training for module in model.generators.modules())
    model.enter_stage(1)
    assert all(module.training for module in norms)
    model.train_step(digit_images(16), wrappers, 2)
    assert all('exp_avg_sq' in states[p] for p in frozen.values())


def test_losers_have_no_graph(mining, digit_images):
    """A generator's first pass is without graph; the second, with one, is of the images that have won."""
    model, _ = mining(2)
    passes = {0: [], 1: []}
    for i, generator in enumerate(model.generators):
        generator.register_forward_hook(
            lambda module, inputs, output, i=i: passes[i].append((len(output), output.grad_fn is not None))
        )
    won = []
    record = model.selector.record
    model.selector.record = lambda player, winners: (won.append(winners.bincount(minlength=2)), record(player, winners))
    images = model.data_preprocessor(digit_images(16))['images']
    model.generator_losses(Batch(dict(images=images), StepRandom(3)))
    counts = won[0].tolist()
    assert min(counts) > 0
    assert passes == {i: [(16, False), (counts[i], True)] for i in (0, 1)}
    for seen in passes.values():
        seen.clear()
    model.critic_losses(Batch(dict(images=images), StepRandom(4)))
    assert passes == {0: [(16, False)], 1: [(16, False)]}


def saved_bytes(compute):
    """Returns how much the graph of what ``compute`` returns keeps for its backward pass, parameters left out."""
    storages = {}

    def pack(tensor):
        if not isinstance(tensor, nn.Parameter):
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes(), tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = compute()
    assert all(value.isfinite() for value in result.values())
    return sum(nbytes for nbytes, _ in storages.values())


@pytest.mark.parametrize('num', [2, 4])
def test_the_graph_of_several_generators_is_that_of_one(num, mining, digit_images):
    """Only the winners' passes are kept: as many images as one generator makes, whatever the number of generators."""
    sizes = []
    for n in (1, num):
        model, _ = mining(n)
        images = model.data_preprocessor(digit_images(64))['images']
        batch = Batch(dict(images=images), StepRandom(3))
        for name in ('generators', 'critic'):
            getattr(model, name).requires_grad_(False)
        sizes.append(saved_bytes(lambda model=model, batch=batch: model.generator_losses(batch)))
    assert sizes[0] > 100_000
    assert sizes[1] < 1.25 * sizes[0]
