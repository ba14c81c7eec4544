"""BSA and the VAE as whole experiments: trained, scored, resumed, and refused before training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmgentransfer.apis import init_model, train
from mmgentransfer.checkpoints import latest_checkpoint, load_checkpoint

GENERATOR = dict(
    type='WGANGPGenerator', image_size=8, base_channels=4, channel_mults=(2, 1), noise_size=8, out_channels=1
)
MODELS = dict(
    BSA=dict(
        networks=dict(
            latents=dict(type='LatentTable', num_images=24, size=8),
            adaptor=dict(type='ScaleShiftAdaptor'),
            generator=GENERATOR,
        ),
        losses=dict(
            pixel=dict(type='L1Loss'),
            latent_emd=dict(type='LatentEMDLoss'),
            regulariser=dict(type='ScaleShiftPenalty'),
        ),
        moves=[dict(player='generator')],
    ),
    SupervisedVAE=dict(
        networks=dict(encoder=dict(type='GaussianTable', num_images=24, size=8), decoder=GENERATOR),
        losses=dict(pixel=dict(type='L1Loss'), kl=dict(type='GaussianKLLoss')),
        moves=[dict(player='autoencoder')],
    ),
)
AVERAGED = dict(BSA=['adaptor', 'latents'], SupervisedVAE=['decoder'])


@pytest.fixture
def small_experiment(experiment):
    def make(method, iters=4, name='run'):
        cfg = experiment(dict(type=method, **MODELS[method]), iters=iters, name=name)
        player = MODELS[method]['moves'][0]['player']
        cfg.optim_wrapper = dict(
            constructor='PlayerOptimWrappers', **{player: dict(optimizer=dict(type='Adam', lr=0.01))}
        )
        cfg.train_dataloader.dataset.with_indices = True
        cfg.param_scheduler = dict(type='StepLR', by_epoch=False, step_size=2, gamma=0.1)
        cfg.custom_hooks = [dict(type='EMAHook', networks=AVERAGED[method], momentum=0.5)]
        cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
        return cfg

    return make


@pytest.mark.parametrize('method', MODELS)
def test_resuming_equals_not_having_stopped(method, small_experiment):
    cfg = small_experiment(method)
    scores = train(cfg.copy())
    assert scores['mv'] > 0
    folder = Path(cfg.work_dir)
    whole = load_checkpoint(latest_checkpoint(folder))
    for iteration in (3, 4):
        (folder / f'iter_{iteration}.pth').unlink()
    resumed = cfg.copy()
    resumed.experiment_name += '_resumed'
    train(resumed, resume=True)
    again = load_checkpoint(latest_checkpoint(folder))
    assert again['meta']['iter'] == 4
    assert again['state_dict'].keys() == whole['state_dict'].keys()
    assert all(torch.equal(again['state_dict'][name], value) for name, value in whole['state_dict'].items())
    rates = [group['lr'] for wrapper in again['optimizer'].values() for group in wrapper['param_groups']]
    assert rates == [pytest.approx(1e-3)] * len(rates)  # a tenth of 0.01 since the second iteration

    model = init_model(cfg, str(folder))
    assert (model.sample(3, seed=1) != model.sample(3, seed=1, which='live')).any()


@pytest.mark.parametrize('method', MODELS)
def test_data_that_does_not_fit_is_refused_before_training(method, small_experiment):
    network = 'latents' if method == 'BSA' else 'encoder'
    cfg = small_experiment(method)
    cfg.model.networks[network].num_images = 23
    with pytest.raises(ValueError, match=rf'{network}\.num_images=23.*has 24 images; set it to 24'):
        train(cfg)
    cfg = small_experiment(method, name='without_indices')
    cfg.train_dataloader.dataset.with_indices = False
    with pytest.raises(ValueError, match=r'train_dataloader\.dataset\.with_indices=True'):
        train(cfg)
    assert latest_checkpoint(cfg.work_dir) is None
