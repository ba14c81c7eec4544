# Source GAN of rendered discs and squares, white on black: a source that is far from the digits.
# FID is on the features of the digit classifier: train configs/classifiers/digits_28.py first.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/shapes_28.py',
    '../_base_/models/wgan_gp_28.py',
    '../_base_/evaluation_digits.py',
]
train_cfg = dict(type='GameTrainLoop', max_iters=1000, val_interval=500)
optim_wrapper = dict(critic=dict(optimizer=dict(lr=1e-3)), generator=dict(optimizer=dict(lr=1e-3)))
