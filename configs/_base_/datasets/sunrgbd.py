# SUN RGB-D: 5,000 colour images with labels, 5,000 others with depth, and 335 with both (thesis section 4.6.1).
# Data: tools/dataset_converters/sunrgbd.py
_base_ = './mmnets_loaders.py'
_data = dict(
    type='AlignedModalities',
    data_root='data/sunrgbd',
    image_size=256,
    modalities=dict(
        rgb=dict(type='ImageReader'),
        depth=dict(type='DepthReader'),
        segmentation=dict(type='LabelReader', num_classes=14),
    ),
    check='none',
)
train_dataloader = dict(
    dataset=dict(
        dataset=dict(**_data, split='train'),
        sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth']),
        split_file='data/sunrgbd/sets.json',
    )
)
val_dataloader = dict(dataset=dict(**_data, split='test'))
test_dataloader = val_dataloader
