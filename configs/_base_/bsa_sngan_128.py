# BSA on SNGAN's conditional ImageNet model at 128 px: 11 pairs of scales and shifts, those of the ten block norms in
# place of every class's. A leaf adds the target set of 25 images. Rates, weights and schedule are those of BSA's
# authors; that the rates fall to a tenth is assumed.
_base_ = ['../default_runtime.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/sngan_imagenet_128.pth', prefix='generator')
model = dict(
    type='BSA',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        latents=dict(type='LatentTable', num_images=25, size=128),
        adaptor=dict(type='ScaleShiftAdaptor'),
        generator=dict(type='SNGANGenerator', image_size=128, num_classes=1000, init_cfg=_source),
    ),
    losses=dict(
        pixel=dict(type='L1Loss'),
        perceptual=dict(type='PerceptualLoss', loss_weight=0.001),
        latent_emd=dict(type='LatentEMDLoss', loss_weight=0.1),
        regulariser=dict(type='ScaleShiftPenalty', loss_weight=0.02),
    ),
    moves=[dict(player='generator')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    generator=dict(
        optimizer=dict(type='Adam', lr=0.03),
        paramwise_cfg=dict(custom_keys={'adaptor.input_layer': dict(lr_mult=1e-7 / 0.03)}),
    ),
)
param_scheduler = dict(type='StepLR', by_epoch=False, step_size=3000, gamma=0.1)
train_cfg = dict(type='GameTrainLoop', max_iters=10000, val_interval=1000, val_at_start=True)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KMMD', extractor='inception'),
        dict(type='MeanVariance'),
    ]
)
test_evaluator = val_evaluator
