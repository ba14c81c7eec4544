# Day or night: scores what a translator from Cityscapes to Synthia keeps (thesis table 5.3). Without reduction; its
# images are not those of extractor_daytime.py.
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(
    type='AttributeImages',
    data_root='data/scenes',
    table='manifests/cityscapes_synthia/metric.csv',
    image_size=128,
    labelled='time',
    class_order=['day', 'night'],
)
train_dataloader = dict(dataset=dict(_images, skip=1200))
val_dataloader = dict(dataset=dict(_images, num_images=1200))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=6750, val_interval=1350)  # 20 epochs
randomness = dict(seed=5)  # not that of the extractor
