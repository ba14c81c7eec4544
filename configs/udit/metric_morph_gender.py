# Men and women of MORPH: scores what a translator of ages keeps (thesis table 5.3).
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(
    type='AttributeImages',
    data_root='data/morph',
    table='manifests/morph/metricGender.csv',
    image_size=128,
    labelled='gender',
    class_order=['M', 'F'],
)
train_dataloader = dict(dataset=dict(_images, skip=800))
val_dataloader = dict(dataset=dict(_images, num_images=800))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=4500, val_interval=900)  # 20 epochs
randomness = dict(seed=5)  # not that of the extractor
