# StarGAN between colour, depth, near-infrared and labels of Freiburg Forest, all samples of both sets unpaired: one
# SegNet body for all translations, with pooling indices (thesis table 4.8).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_forest.py',
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/evaluation_forest_unseen.py',
]
_stages = dict(stage_blocks=(1, 2, 3, 3, 3), norm_cfg=dict(type='IN'))
_channels = dict(rgb=3, depth=1, nir=1, segmentation=5)
model = dict(
    type='CrossModalStarGAN',
    networks=dict(
        generator=dict(
            type='SharedBodyTranslator',
            channels=_channels,
            width=64,
            body=dict(
                type='EncoderDecoder',
                encoder=dict(type='SegNetEncoder', in_channels=64, **_stages),
                decoder=dict(type='SegNetDecoder', out_channels=64, **_stages),
            ),
        ),
        critic=dict(type='StarGANDiscriminator', in_channels=_channels, num_domains=4, image_size=256),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss', mode='l1'),
        depth=dict(type='BerhuLoss'),
        nir=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        domain=dict(type='DomainLoss'),
        reconstruction=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=200_000, end=400_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
train_dataloader = dict(batch_size=30)  # of each set: six for each update
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
