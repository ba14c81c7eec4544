# Flat or textured, of 1,000 images each: what a UDIT that changes the colour of handbags keeps (section 5.6.7).
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(type='LabelledImageFolder', data_root='data/textures', image_size=128, class_order=['flat', 'textured'])
model = dict(networks=dict(classifier=dict(reduce_dim=32)))
train_dataloader = dict(dataset=dict(_images, num_per_class=900))
val_dataloader = dict(dataset=dict(_images, num_per_class=100, skip=900))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=1125, val_interval=225)  # 20 epochs
