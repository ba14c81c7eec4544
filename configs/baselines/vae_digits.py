# VAE on the digits: the generator of the digits, from scratch, on images of one digit; a learned Gaussian for each.
# Of the weights only that of kl is the thesis's source's; the rates of learning are ours.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
model = dict(
    type='SupervisedVAE',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        encoder=dict(type='GaussianTable', num_images=100, size=128),
        decoder=dict(type='WGANGPGenerator28', noise_size=128, dim=16),
    ),
    losses=dict(pixel=dict(type='L1Loss'), kl=dict(type='GaussianKLLoss', loss_weight=0.1)),
    moves=[dict(player='autoencoder')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    autoencoder=dict(
        optimizer=dict(type='Adam', lr=1e-3),
        paramwise_cfg=dict(custom_keys={'encoder': dict(lr_mult=30)}),
    ),
)
train_dataloader = dict(batch_size=50, dataset=dict(with_indices=True))
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=100, val_at_start=True, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=200))
