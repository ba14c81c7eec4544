# The upper bound on rendered scenes: the networks of M&MNets trained on depth with labels of all scenes, as in thesis
# tables 4.4 and 4.5. Half a minute on a CPU core.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/toy_scenes.py',
    '../_base_/models/mmnets_toy.py',
    '../_base_/evaluation_scenes_unseen.py',
]
_sets = dict(DS=['depth', 'segmentation'])
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2), init=dict(type='kaiming'))
model = dict(
    modalities=dict(
        _delete_=True,
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality', num_classes=5, class_names=['wall', 'floor', 'disc', 'box', 'triangle']
        ),
    ),
    graph=dict(_delete_=True, sets=_sets),
    networks=dict(
        _delete_=True,
        encoders=dict(
            depth=dict(type='SegNetEncoder', in_channels=1, **_stages),
            segmentation=dict(type='SegNetEncoder', in_channels=5, **_stages),
        ),
        decoders=dict(
            depth=dict(type='SegNetDecoder', out_channels=1, **_stages),
            segmentation=dict(type='SegNetDecoder', out_channels=5, **_stages),
        ),
        discriminators={},
    ),
    losses=dict(
        _delete_=True,
        segmentation=dict(type='CrossEntropyLoss', loss_weight=100),
        depth=dict(type='BerhuLoss', loss_weight=10),
    ),
    moves=[dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, **_sets)))
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
