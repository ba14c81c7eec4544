# PPGN on the digits: as dgn_am_digits.py, with a denoiser of codes, the only network that is trained. Since the codes
# are normal, the best denoiser is linear. Prior and noise together are Langevin steps: noise_std^2 = 2 prior_step /
# corruption^2. The default steps, made for another generator's codes, would leave these almost where they are.
_base_ = './dgn_am_digits.py'
model = dict(
    type='PPGN',
    networks=dict(denoiser=dict(type='MLPMiner', dims=[128, 128])),
    losses=dict(denoising=dict(type='DenoisingLoss')),
    moves=[dict(player='denoiser')],
    decay=0.0,
    corruption=0.5,
    prior_step=2.5e-4,
    noise_std=0.0447,
)
optim_wrapper = dict(denoiser=dict(optimizer=dict(type='Adam', lr=5e-3, betas=(0.9, 0.999))))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=400)
train_cfg = dict(max_iters=400, val_interval=400)
default_hooks = dict(checkpoint=dict(interval=400), sample_grid=dict(num_images=20, interval=400))
