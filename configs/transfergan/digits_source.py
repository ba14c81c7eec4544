# Source GAN on the digits: unconditional WGAN-GP at 28x28.
# Leave a digit out with --cfg-options train_dataloader.dataset.exclude=[9]
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28.py',
    '../_base_/models/wgan_gp_28.py',
    '../_base_/evaluation_digits.py',
]
train_cfg = dict(type='GameTrainLoop', max_iters=2000, val_interval=500)
optim_wrapper = dict(critic=dict(optimizer=dict(lr=1e-3)), generator=dict(optimizer=dict(lr=1e-3)))
