# Freiburg Forest: 115 colour images with labels, 115 others with depth and near-infrared (thesis section 4.6.4).
# Data: tools/dataset_converters/freiburg_forest.py
_base_ = './mmnets_loaders.py'
_data = dict(
    type='AlignedModalities',
    data_root='data/freiburg_forest',
    modalities=dict(
        rgb=dict(type='ImageReader'),
        depth=dict(type='ImageReader', channels=1),
        nir=dict(type='ImageReader', channels=1),
        segmentation=dict(type='LabelReader', num_classes=5),
    ),
    cache='ram',
)
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        # the shorter side at 256; the preprocessor takes a random square of it
        dataset=dict(**_data, split='train', image_size=(256, 340)),
        sets=dict(RS=['rgb', 'segmentation'], RDN=['rgb', 'depth', 'nir']),
        split_file='data/freiburg_forest/sets.json',
    ),
)
val_dataloader = dict(num_workers=0, dataset=dict(**_data, split='test', image_size=256))
test_dataloader = val_dataloader
