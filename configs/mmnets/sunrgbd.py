# M&MNets with pseudo-pairs on SUN RGB-D: 5,000 colour images with labels, 5,000 others with depth; depth to labels and
# back never met (thesis tables 4.6 and 4.7). tools/dist_train.sh configs/mmnets/sunrgbd.py 8
# Data: tools/dataset_converters/sunrgbd.py; mmgentransfer check-data configs/mmnets/sunrgbd.py
_base_ = [
    '../_base_/datasets/mmnets_loaders.py',
    '../_base_/mmnets_500k.py',
    '../_base_/evaluation_scenes.py',
]
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
