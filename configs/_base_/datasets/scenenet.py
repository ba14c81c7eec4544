# SceneNet RGB-D: 75,000 colour images with labels, 75,000 of other videos with depth (thesis section 4.6.1).
# Data: tools/dataset_converters/scenenet.py
_base_ = './mmnets_loaders.py'
_data = dict(
    type='AlignedModalities',
    data_root='data/scenenet',
    image_size=256,
    crop='left',  # of 320x240 the left 240x240, as in the authors' code
    modalities=dict(
        rgb=dict(type='ImageReader'),
        depth=dict(type='DepthReader'),
        segmentation=dict(type='LabelReader', num_classes=14),
    ),
    group_pattern=r'^(.*)/',  # the video: frames of one are never in two sets
    check='none',
)
train_dataloader = dict(
    dataset=dict(
        dataset=dict(**_data, split='train'),
        sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth']),
    )
)
val_dataloader = dict(dataset=dict(**_data, split='test'))
test_dataloader = val_dataloader
