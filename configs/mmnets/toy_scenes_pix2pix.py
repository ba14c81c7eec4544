# Twice pix2pix on rendered scenes: depth to colour and colour to labels, and the way back, each trained on the pairs
# that exist; depth to labels goes through colour, as in thesis table 4.4. Three quarters of a minute on a CPU core.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/toy_scenes.py',
    '../_base_/models/modalities_toy.py',
    '../_base_/evaluation_scenes_pairs.py',
]
_generator = dict(type='UNetGenerator', base_channels=8, num_downs=4, init=dict(type='kaiming'))
_maps = dict(out_act=None, **_generator)
_critic = dict(
    type='PatchGANDiscriminator', base_channels=8, num_downs=2, norm_cfg=dict(type='BN'), init=dict(type='kaiming')
)
model = dict(
    type='Pix2Pix',
    networks=dict(
        generators=dict(
            depth_to_rgb=dict(in_channels=1, out_channels=3, **_generator),
            rgb_to_segmentation=dict(in_channels=3, out_channels=5, **_maps),
            segmentation_to_rgb=dict(in_channels=5, out_channels=3, **_generator),
            rgb_to_depth=dict(in_channels=3, out_channels=1, **_maps),
        ),
        discriminators=dict(
            depth_to_rgb=dict(in_channels=4, **_critic), segmentation_to_rgb=dict(in_channels=8, **_critic)
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
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
_seen = [
    ('D2R', 'depth', 'rgb'),
    ('R2S', 'rgb', 'segmentation'),
    ('S2R', 'segmentation', 'rgb'),
    ('R2D', 'rgb', 'depth'),
]
_unseen = [('D2R2S', 'depth', 'segmentation'), ('S2R2D', 'segmentation', 'depth')]
val_cfg = dict(
    tasks=[
        *(dict(name=name, source=[source], target=target, via=['rgb']) for name, source, target in _unseen),
        *(dict(name=name, source=[source], target=target) for name, source, target in _seen),
    ]
)
test_cfg = val_cfg
