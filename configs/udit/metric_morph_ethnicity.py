# Two ethnicities that MORPH names: scores what a translator of ages keeps (thesis table 5.3).
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(
    type='AttributeImages',
    data_root='data/morph',
    table='manifests/morph/metricEthnicity.csv',
    image_size=128,
    labelled='ethnicity',
    class_order=['African', 'European'],
)
train_dataloader = dict(dataset=dict(_images, skip=480))
val_dataloader = dict(dataset=dict(_images, num_images=480))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=2700, val_interval=540)  # 20 epochs
randomness = dict(seed=5)  # not that of the extractor
