# A supervised VAE of one digit, from scratch: a generator with batch norms as the decoder (one without stays black
# under L1), and a learned Gaussian for each image. Rates and the weight of kl, at which images stay apart, are ours.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
model = dict(
    type='SupervisedVAE',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        encoder=dict(type='GaussianTable', num_images=100, size=128),
        decoder=dict(type='WGANGPGenerator', image_size=28, base_channels=8, channel_mults=(4, 2, 1), out_channels=1),
    ),
    losses=dict(pixel=dict(type='L1Loss'), kl=dict(type='GaussianKLLoss', loss_weight=0.01)),
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
