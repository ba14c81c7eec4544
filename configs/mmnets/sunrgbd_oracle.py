# The upper bound on SUN RGB-D: the networks of M&MNets trained on depth with labels of all images (thesis tables 4.6
# and 4.7).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_scenes.py',
    '../_base_/datasets/sunrgbd.py',
    '../_base_/evaluation_scenes_unseen.py',
]
_sets = dict(_delete_=True, DS=['depth', 'segmentation'])
model = dict(
    type='MixAndMatchNets',
    modalities=dict(
        _delete_=True,
        depth={{_base_.model.modalities.depth}},
        segmentation={{_base_.model.modalities.segmentation}},
    ),
    graph=dict(sets=dict(DS=['depth', 'segmentation'])),
    networks=dict(
        encoders=dict(
            depth=dict(type='SegNetEncoder', in_channels=1), segmentation=dict(type='SegNetEncoder', in_channels=14)
        ),
        decoders=dict(
            depth=dict(type='SegNetDecoder', out_channels=1), segmentation=dict(type='SegNetDecoder', out_channels=14)
        ),
        discriminators={},
    ),
    losses=dict(
        segmentation=dict(type='CrossEntropyLoss', loss_weight=100), depth=dict(type='BerhuLoss', loss_weight=10)
    ),
    moves=[dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=_sets, split_file=None))
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
