"""The three stages of the published M&MNets, iteration by iteration (thesis section 4.6.1)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from shipped_configs import ROOT

from mmgentransfer.apis import load_config
from mmgentransfer.engine import PlayerOptimWrappers
from mmgentransfer.engine.hooks import StageHook
from mmgentransfer.registry import MODELS

ENDS = (200_000, 400_000, 500_000)
TERMS = ('rgb', 'segmentation', 'depth', 'adversarial', 'autoencoder', 'latent', 'pseudo')
WEIGHTS = (  # lambda_R lambda_L2, lambda_S, lambda_D, lambda_R, whether there are autoencoders, lambda_A, lambda_PP
    (1, 100, 10, 1, 0, 0, 0),
    (1000, 100, 10, 10, 1, 10, 0),
    (1000, 100, 10, 10, 1, 10, 100),
)
NOISE, RATES = (0.0, 0.5, 0.5), (2e-4, 2e-4, 2e-5)


def experiment(name: str) -> Config:
    return load_config(ROOT / f'configs/mmnets/{name}.py')


@pytest.fixture(scope='module')
def runner():
    """What a runner of sunrgbd.py would be to the hook, of networks without memory."""
    cfg = experiment('sunrgbd')
    with torch.device('meta'), DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(cfg.model)
    settings = {name: wrapper for name, wrapper in cfg.optim_wrapper.to_dict().items() if name in model.players}
    return SimpleNamespace(
        model=model,
        optim_wrapper=PlayerOptimWrappers(settings)(model),
        param_schedulers=[],
        iter=0,
        logger=MMLogger.get_current_instance(),
    )


@pytest.mark.parametrize('iteration', [0, 199_999, 200_000, 399_999, 400_000, 499_999])
def test_stage_of_an_iteration(runner, iteration):
    """A run may begin at any iteration, as a resumed one does, and has that iteration's weights, freezes and rates."""
    model, hook = runner.model, StageHook()
    runner.iter = 0
    for wrapper in runner.optim_wrapper.values():
        for group in wrapper.param_groups:
            group['lr'] = 2e-4
    hook.before_run(runner)
    hook.before_train(runner)
    runner.iter = iteration
    hook.before_train_iter(runner, 0)
    stage = sum(iteration >= end for end in ENDS)
    assert tuple(model.weight(term) for term in TERMS) == WEIGHTS[stage]
    assert model.setting('noise') == NOISE[stage]
    rates = {group['lr'] for wrapper in runner.optim_wrapper.values() for group in wrapper.param_groups}
    assert rates == {RATES[stage]}
    assert ('encoders.rgb' in model.trained['generator']) is (stage == 0)
    everything = {'encoders': 3, 'decoders': 3, 'discriminators': 1}
    trained = [name for names in model.trained.values() for name in names]
    assert len(trained) == sum(everything.values()) - (stage > 0)
    assert model.stage.reset_optimizers is (stage > 0)


@pytest.mark.parametrize('name', ['sunrgbd', 'scenenet', 'scenenet51k', 'freiburg_forest'])
def test_published_experiments_have_these_stages(name):
    cfg = experiment(name)
    assert [stage.iters for stage in cfg.model.stages] == [200_000, 200_000, 100_000]
    assert (cfg.train_cfg.max_iters, cfg.train_dataloader.batch_size) == (500_000, 6)
    moves = {move.player: move.get('every', 1) for move in cfg.model.moves}
    assert moves == dict(critic=2, generator=1)
    for player in ('critic', 'generator'):
        assert cfg.optim_wrapper[player].optimizer == dict(type='Adam', lr=2e-4, betas=(0.5, 0.999))
    assert cfg.train_cfg.val_interval == 5000  # of the curves of alignment factors, fig. 4.11
