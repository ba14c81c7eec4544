# PPGN on BigGAN's ImageNet model, towards a class of ImageNet (thesis Table 3.2, on-manifold): as
# dgn_am_imagenet_128.py, with a denoiser of codes, the only network that is trained. Steps as on the digits.
_base_ = './dgn_am_imagenet_128.py'
model = dict(
    type='PPGN',
    networks=dict(denoiser=dict(type='MLPMiner', dims=[248, 248])),  # 120 of z, 128 of the class embedding
    losses=dict(denoising=dict(type='DenoisingLoss')),
    moves=[dict(player='denoiser')],
    decay=0.0,
    corruption=0.5,
    prior_step=2.5e-4,
    noise_std=0.0447,
)
optim_wrapper = dict(denoiser=dict(optimizer=dict(type='Adam', lr=5e-3, betas=(0.9, 0.999))))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=1000)
train_cfg = dict(max_iters=1000, val_interval=1000)
default_hooks = dict(sample_grid=dict(interval=1000))
