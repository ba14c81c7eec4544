# StarGAN between the modalities of rendered scenes, all samples of all sets unpaired: one SegNet body for all
# translations, with pooling indices, as in thesis table 4.4. A minute and a half on a CPU core.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/toy_scenes.py',
    '../_base_/models/modalities_toy.py',
    '../_base_/evaluation_scenes_pairs.py',
]
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(1, 2, 2), norm_cfg=dict(type='IN'), init=dict(type='kaiming'))
_channels = dict(rgb=3, depth=1, segmentation=5)
model = dict(
    type='CrossModalStarGAN',
    networks=dict(
        generator=dict(
            type='SharedBodyTranslator',
            channels=_channels,
            width=8,
            body=dict(
                type='EncoderDecoder',
                encoder=dict(type='SegNetEncoder', in_channels=8, **_stages),
                decoder=dict(type='SegNetDecoder', out_channels=8, **_stages),
            ),
            init=dict(type='kaiming'),
        ),
        critic=dict(
            type='StarGANDiscriminator',
            in_channels=_channels,
            num_domains=3,
            image_size=32,
            base_channels=8,
            num_downs=3,
            init=dict(type='kaiming'),
        ),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss', mode='l1'),
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        domain=dict(type='DomainLoss'),
        reconstruction=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
train_dataloader = dict(batch_size=20)  # of each set: four for each update
train_cfg = dict(type='GameTrainLoop', max_iters=250, val_interval=125)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=125, end=250, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=250), sample_grid=None)
