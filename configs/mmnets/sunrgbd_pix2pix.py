# Twice pix2pix on SUN RGB-D: depth to colour and colour to labels, and the way back, each trained on the pairs that
# exist; depth to labels goes through colour (thesis tables 4.6 and 4.7).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_scenes.py',
    '../_base_/datasets/sunrgbd.py',
    '../_base_/evaluation_scenes_pairs.py',
]
_maps = dict(type='UNetGenerator', in_channels=3, out_act=None)
_critic = dict(type='PatchGANDiscriminator', norm_cfg=dict(type='BN'))
model = dict(
    type='Pix2Pix',
    networks=dict(
        generators=dict(
            depth_to_rgb=dict(type='UNetGenerator', in_channels=1),
            rgb_to_segmentation=dict(out_channels=14, **_maps),
            segmentation_to_rgb=dict(type='UNetGenerator', in_channels=14),
            rgb_to_depth=dict(out_channels=1, **_maps),
        ),
        discriminators=dict(
            depth_to_rgb=dict(in_channels=4, **_critic), segmentation_to_rgb=dict(in_channels=17, **_critic)
        ),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss', mode='l1', loss_weight=100),
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LogisticLoss'),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
_unseen = [('D2S', 'depth', 'segmentation'), ('S2D', 'segmentation', 'depth')]
_seen = [
    ('R2S', 'rgb', 'segmentation'),
    ('R2D', 'rgb', 'depth'),
    ('D2R', 'depth', 'rgb'),
    ('S2R', 'segmentation', 'rgb'),
]
val_cfg = dict(
    tasks=[
        *(dict(name=name, source=[source], target=target, via=['rgb']) for name, source, target in _unseen),
        *(dict(name=name, source=[source], target=target) for name, source, target in _seen),
    ]
)
test_cfg = val_cfg
