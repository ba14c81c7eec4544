# Day or night, of BDD100K and Synthia, half each: what a UDIT from Cityscapes to Synthia keeps (thesis section 5.6.6).
# mmgentransfer make-biased-set configs/_base_/biased_sets/cityscapes_synthia.py writes the manifest.
_base_ = ['../_base_/models/semantic_extractor.py']
_scenes = dict(
    type='AttributeImages',
    data_root='data/scenes',
    table='manifests/cityscapes_synthia/extractor.csv',
    image_size=128,
    labelled='time',
    class_order=['day', 'night'],
)
model = dict(networks=dict(classifier=dict(reduce_dim=16)))
train_dataloader = dict(dataset=dict(_scenes, skip=1200))
val_dataloader = dict(dataset=dict(_scenes, num_images=1200))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=6750, val_interval=675)  # 20 epochs
