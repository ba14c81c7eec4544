# Unconditional source GAN of the 8x8 digits; leave one out with --cfg-options train_dataloader.dataset.exclude=[9]
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_8.py',
    '../_base_/models/mlp_8.py',
    '../_base_/evaluation_digits_8.py',
]
train_cfg = dict(type='GameTrainLoop', max_iters=4000, val_interval=2000)
