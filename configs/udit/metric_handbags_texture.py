# Flat or textured: scores what a translator of Handbags-color keeps (thesis table 5.3). Without reduction.
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(
    type='AttributeImages',
    data_root='data/handbags',
    table='manifests/handbags_color/metric.csv',
    image_size=128,
    labelled='texture',
    class_order=['flat', 'textured'],
)
train_dataloader = dict(dataset=dict(_images, skip=200))
val_dataloader = dict(dataset=dict(_images, num_images=200))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=1125, val_interval=225)  # 20 epochs
randomness = dict(seed=5)  # not that of the extractor
