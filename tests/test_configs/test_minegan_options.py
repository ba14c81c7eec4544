"""The variants of MineGAN's page: each is reached from a shipped config by options alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from mmengine.registry import DefaultScope
from shipped_configs import ROOT, dicts_in, shrink_networks

from mmgentransfer.apis import load_config
from mmgentransfer.apis.checks import check_config
from mmgentransfer.engine import PlayerOptimWrappers
from mmgentransfer.registry import MODELS

TWO, ONE_HOT, BIGGAN, STYLEGAN = (
    'digits_two_sources',
    'digits8_onehot',
    'biggan_places365_128',
    'stylegan_animal_faces_256',
)
MINER = 'model.networks.miners.0'
MINE = dict(name='mine', iters=250, train=['miners', 'critic'])


def finetune(**keys: Any) -> dict[str, Any]:
    return {'model.stages': [MINE, dict(name='finetune', iters=150, **keys)]}


def anew(**keys: Any) -> dict[str, Any]:
    """A part of a config that takes the place of a list, or of one of another type."""
    return dict(_delete_=True, **keys)


VARIANTS = {
    'mining alone': (TWO, {'model.stages': [dict(MINE, iters=400)]}),
    'the mean of a supersample': (TWO, {'model.reduction': 'mean'}),
    'p fixed': (TWO, {'model.selector': anew(type='FixedSelector', probs=[0.3, 0.7])}),
    'p uniform': (ONE_HOT, {'model.selector': anew(type='FixedSelector')}),
    'window, floor, whose wins': (
        TWO,
        {'model.selector.window': 5, 'model.selector.floor': 0.1, 'model.selector.record_on': 'both'},
    ),
    'a selector that sees the noise': (
        TWO,
        {
            'model.selector': anew(type='AmortizedSelector', start_iter=0, mode='sample'),
            'model.networks.miners': anew(type='SharedTrunkMiners', num_miners=2, dims=[4, 16, 128], classify=True),
            'model.shared_noise': True,
            'model.losses.selector': dict(type='AuxiliaryClassifierLoss'),
        },
    ),
    'one noise': (ONE_HOT, {'model.shared_noise': True}),
    'a shared trunk': (
        ONE_HOT,
        {'model.networks.miners': anew(type='SharedTrunkMiners', num_miners=10, dims=[4, 16, 8])},
    ),
    'some of the classes': (
        ONE_HOT,
        {
            'model.networks.generators.classes': [3, 8],
            'model.networks.miners': [dict(type='MLPMiner', dims=[4, 8])] * 2,
        },
    ),
    'one generator twice': (
        TWO,
        {'model.networks.generators.1.init_cfg.checkpoint': 'work_dirs/transfergan/digits_source_0and1'},
    ),
    'critic from scratch': (TWO, {'model.networks.critic.init_cfg': None}),
    'another miner': (
        TWO,
        {f'{MINER}.dims': [16, 32, 64, 128], f'{MINER}.norm': 'pixel', f'{MINER}.init': dict(type='normal', std=0.1)},
    ),
    'another prior': (TWO, {'model.prior': dict(type='NormalPrior', std=0.5, truncation=2.0)}),
    'miners frozen': (TWO, finetune(train=['generators', 'critic'])),
    'a part of the generators': (TWO, finetune(only=dict(generators=['deconvs.2']))),
    'frozen generators in train mode': (
        BIGGAN,
        {'model.stages': [dict(MINE, modes=dict(generators='train')), dict(name='finetune', iters=150)]},
    ),
    "the source's running statistics": (BIGGAN, finetune(modes=dict(generators='fixed_statistics'))),
    'z alone': (BIGGAN, {f'{MINER}.miner_c': None, f'{MINER}.fixed_class': 7}),
    'the class alone': (BIGGAN, {f'{MINER}.miner_z': None, f'{MINER}.miner_c.dims': [120, 128, 128]}),
    'linear miners with spectral norm': (
        BIGGAN,
        {f'{MINER}.miner_{part}.act': None for part in 'zc'}
        | {f'{MINER}.miner_{part}.spectral_norm': True for part in 'zc'},
    ),
    'the logistic loss of the published code': (BIGGAN, {'model.losses.adversarial.type': 'LogisticLoss'}),
    'R1 and drift': (
        TWO,
        {'model.losses': anew(
            adversarial=dict(type='LogisticLoss'), r1=dict(type='R1Penalty'), drift=dict(type='DriftPenalty')
        )},
    ),
    'mined noise maps': (STYLEGAN, {f'{MINER}.noise_miner': dict(type='NoiseMapMiner'), f'{MINER}.mixing': 0.0}),
}  # fmt: skip


@pytest.mark.parametrize('name', VARIANTS)
def test_variant_is_an_option(name):
    file, options = VARIANTS[name]
    cfg = load_config(ROOT / f'configs/minegan/{file}.py', options)
    check_config(cfg)
    shrink_networks(cfg.model)
    for part in dicts_in(cfg.model):
        if isinstance(part.get('init_cfg'), Mapping):
            part['init_cfg'] = None
    for move in cfg.model.moves:
        move.update(repeat=1, accumulate=1)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(cfg.model)
        model.init_weights()
        wrappers = PlayerOptimWrappers({player: dict(optimizer=dict(type='SGD', lr=1e-3)) for player in model.players})(
            model
        )
    side = model.critic.image_size
    images = torch.randint(0, 256, (2 * model.num_chunks, model.critic.in_channels, side, side), dtype=torch.uint8)
    for index in range(len(model.stages)):
        model.enter_stage(index)
        losses = model.train_step(dict(images=images), wrappers, iteration=index)
        assert losses
        assert all(torch.isfinite(value) for value in losses.values())
    assert model.eval().sample(3).shape == (3, side, side, model.critic.in_channels)
