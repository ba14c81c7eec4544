# BSA on the digits: the frozen source GAN of nine digits is fitted to images of the left-out one by scales, shifts and
# one latent an image. Our extension: this generator has no norms, so that the scales act behind its hidden layers. They
# are too few: its first layer learns too, at 1e-3, and more noise on the latents spreads the images over the prior.
# Train the source first: python tools/train.py configs/transfergan/digits_source.py
#   --cfg-options train_dataloader.dataset.exclude=[9] --work-dir work_dirs/transfergan/digits_source_no9
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
_source = dict(type='TransferredWeights', checkpoint='work_dirs/transfergan/digits_source_no9', prefix='generator')
model = dict(
    type='BSA',
    latent_noise=0.15,
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        latents=dict(type='LatentTable', num_images=100, size=128),
        adaptor=dict(type='ScaleShiftAdaptor'),
        generator=dict(type='WGANGPGenerator28', noise_size=128, dim=16, init_cfg=_source),
    ),
    losses=dict(
        pixel=dict(type='L1Loss'),
        latent_emd=dict(type='LatentEMDLoss', loss_weight=0.01),
        regulariser=dict(type='ScaleShiftPenalty', loss_weight=0.02),
    ),
    moves=[dict(player='generator')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    generator=dict(
        optimizer=dict(type='Adam', lr=0.03),
        paramwise_cfg=dict(custom_keys={'adaptor.input_layer': dict(lr_mult=1 / 30)}),
    ),
)
param_scheduler = dict(type='StepLR', by_epoch=False, step_size=200, gamma=0.1)
train_dataloader = dict(batch_size=50, dataset=dict(with_indices=True))
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=100, val_at_start=True, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=200))
