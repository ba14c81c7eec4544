"""Running statistics that are estimated anew: by hand, and what they do to images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mmgentransfer.models.calibration import calibrate_batch_norms
from mmgentransfer.models.layers.norms import ConditionalBatchNorm


@pytest.mark.parametrize('norm', [nn.BatchNorm2d(1, momentum=0.3), ConditionalBatchNorm(1, 2, momentum=0.3)])
def test_statistics_are_the_mean_over_batches(norm):
    batches = [torch.tensor([1.0, 3.0]), torch.tensor([2.0, 8.0]), torch.tensor([-1.0, 0.0])]
    labels = [torch.tensor([0, 1])] if isinstance(norm, ConditionalBatchNorm) else []
    norm.running_mean.fill_(7)
    norm.running_var.fill_(9)
    norm.num_batches_tracked.fill_(50)
    calibrate_batch_norms([norm.eval(), norm], lambda i: norm(batches[i].reshape(2, 1, 1, 1), *labels), 3)
    # means 2, 5, -1/2; unbiased variances 2, 18, 1/2
    assert norm.running_mean.item() == pytest.approx(6.5 / 3)
    assert norm.running_var.item() == pytest.approx(20.5 / 3)
    assert (norm.num_batches_tracked, norm.momentum, norm.training) == (3, 0.3, False)


def test_all_else_is_in_eval_mode_and_modes_come_back():
    net = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 2, 1)), nn.Dropout(0.5), nn.BatchNorm2d(2))
    net.train()[1].eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    seen = []
    net[1].register_forward_hook(lambda layer, args, out: seen.append(torch.equal(args[0], out)))
    calibrate_batch_norms(
        [net], lambda i: net(torch.full((4, 1, 2, 2), float(i)) + torch.arange(4.0)[:, None, None, None])
    )
    changed = {name for name, tensor in net.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {'2.running_mean', '2.running_var', '2.num_batches_tracked'}
    assert [module.training for module in net.modules()] == [True, *[True] * len(list(net[0].modules())), False, True]
    assert seen == [True] * 50
    with pytest.raises(RuntimeError, match='stop'):
        calibrate_batch_norms([net], stop)
    assert (net[0].training, net[1].training, net[2].training, net[2].momentum) == (True, False, True, 0.1)


def stop(index):
    raise RuntimeError('stop')


def test_what_can_not_be_calibrated():
    with pytest.raises(ValueError, match='num_batches >= 1, got 0'):
        calibrate_batch_norms([nn.BatchNorm2d(1)], print, 0)
    with pytest.raises(ValueError, match='no batch norms with running statistics'):
        calibrate_batch_norms([nn.Linear(1, 1), nn.BatchNorm2d(1, track_running_stats=False)], print)


@pytest.fixture
def gan(game_configs, build_game):
    """A GAN whose running statistics were never updated, with layers that are far from normalised."""
    model = build_game(game_configs['TransferGAN'](width=4))
    with torch.no_grad():
        for name, parameter in model.generator.named_parameters():
            if 'norm' not in name:
                parameter.add_(torch.full_like(parameter, 0.1)).mul_(3)
    return model


def test_images_become_those_of_batch_statistics(gan, state_of, changed):
    latents = gan.draw_latents(400, seed=3)
    wanted = gan.generate(latents, batch_statistics=True, batch_size=400)
    before, untouched = gan.generate(latents), state_of(gan)
    gan.calibrate_batch_norms(num_batches=30)
    after = gan.generate(latents)
    assert (before - wanted).abs().mean() > 0.15
    assert (after - wanted).abs().mean() < 0.03
    kinds = {name.rpartition('.')[2] for name in changed(gan, untouched)}
    assert kinds == {'running_mean', 'running_var', 'num_batches_tracked'}
    assert gan.training


def test_latents_follow_from_the_seed(gan):
    statistics = []
    for seed in (0, 0, 1):
        gan.calibrate_batch_norms(num_batches=2, batch_size=4, seed=seed)
        statistics.append(gan.generator.output_norm.running_mean.clone())
    assert torch.equal(statistics[0], statistics[1])
    assert not torch.equal(statistics[0], statistics[2])
    with pytest.raises(ValueError, match='batch_size >= 2, got 1'):
        gan.calibrate_batch_norms(batch_size=1)


def test_average_and_live_weights_have_their_own_statistics(gan, state_of, changed):
    gan.add_ema(['generator'])
    before = state_of(gan)
    gan.calibrate_batch_norms(num_batches=2, batch_size=4)
    assert {name.split('.')[0] for name in changed(gan, before)} == {'ema'}
    gan.calibrate_batch_norms(num_batches=2, batch_size=4, which='live')
    assert {name.split('.')[0] for name in changed(gan, before)} == {'ema', 'generator'}


def test_classes_come_equally_often(game_configs, build_game, monkeypatch):
    config = game_configs['TransferGAN'](width=2)
    config['networks']['generator'].update(num_classes=5, cond_mode='bnorm')
    config['networks']['critic'].update(num_classes=5)
    heads = {term: dict(type='AuxiliaryClassifierLoss') for term in ('critic_class', 'generator_class')}
    model = build_game(dict(config, losses=dict(config['losses'], **heads)))
    seen = []
    forward = type(model.generator).forward
    monkeypatch.setattr(
        type(model.generator),
        'forward',
        lambda self, z, labels: seen.extend(labels.tolist()) or forward(self, z, labels),
    )
    model.calibrate_batch_norms(num_batches=5, batch_size=4)
    assert np.bincount(seen).tolist() == [4] * 5


def test_miners_and_generators_are_calibrated_together(game_configs, build_game, state_of, changed):
    model = build_game(game_configs['MineGAN'](width=2))
    before = state_of(model)
    model.calibrate_batch_norms(num_batches=2, batch_size=4)
    assert {name.split('.')[0] for name in changed(model, before)} == {'generators'}
