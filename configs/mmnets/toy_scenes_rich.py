# toy_scenes.py with finer structure: 64x64, eight classes, small objects among the large ones.
_base_ = ['toy_scenes.py']
_scenes = dict(
    image_size=64,
    shapes=['disc', 'box', 'triangle', 'ring', 'cross', 'post'],
    clutter=6,
)
_classes = ['wall', 'floor', 'disc', 'box', 'triangle', 'ring', 'cross', 'post']
model = dict(
    modalities=dict(segmentation=dict(num_classes=8, class_names=_classes)),
    networks=dict(
        encoders=dict(segmentation=dict(in_channels=8)),
        decoders=dict(segmentation=dict(out_channels=8)),
    ),
)
train_dataloader = dict(dataset=dict(dataset=_scenes))
val_dataloader = dict(dataset=_scenes)
test_dataloader = val_dataloader
