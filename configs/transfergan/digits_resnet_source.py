# Source GAN of the digits 0-4 with the residual networks: unconditional, for digits_acgan.py.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_16.py',
    '../_base_/models/wgan_gp_resnet_16.py',
    '../_base_/evaluation_digits_16.py',
]
train_dataloader = dict(dataset=dict(classes=[0, 1, 2, 3, 4]))
val_dataloader = dict(dataset=dict(classes=[0, 1, 2, 3, 4]))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=200)
val_cfg = dict(batch_statistics=True)
test_cfg = val_cfg
