# BSA from BigGAN's ImageNet model to a category of Places365 (the thesis found no satisfactory result and gives no
# number). Trained are one class embedding, the linear maps of the norms, and scales behind the first layer.
_base_ = ['../_base_/datasets/places365_alley_128.py', '../default_runtime.py', '../_base_/evaluation_few_shot.py']
model = dict(
    type='BSA',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        latents=dict(type='LatentTable', num_images=500, size=120),
        adaptor=dict(type='ScaleShiftAdaptor', input_layer=False),
        generator=dict(
            type='BigGANGenerator',
            image_size=128,
            noise_size=120,
            num_classes=1000,
            init_cfg=dict(
                type='TransferredWeights', checkpoint='checkpoints/biggan_imagenet_128.pth', prefix='generator'
            ),
        ),
    ),
    losses=dict(
        pixel=dict(type='L1Loss'),
        perceptual=dict(type='PerceptualLoss', loss_weight=0.001),
        latent_emd=dict(type='LatentEMDLoss', loss_weight=0.1),
        regulariser=dict(type='ScaleShiftPenalty', loss_weight=0.02),
    ),
    moves=[dict(player='generator')],
)
_rates = {'latents': dict(lr_mult=100), 'adaptor.embedding': dict(lr_mult=2)}  # 0.05 and 1e-3
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    generator=dict(optimizer=dict(type='Adam', lr=5e-4), paramwise_cfg=dict(custom_keys=_rates)),
)
param_scheduler = dict(type='StepLR', by_epoch=False, step_size=3000, gamma=0.1)
train_dataloader = dict(batch_size=25, dataset=dict(with_indices=True))
train_cfg = dict(type='GameTrainLoop', max_iters=10000, val_interval=1000, val_at_start=True)
