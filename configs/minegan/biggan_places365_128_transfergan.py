# TransferGAN from BigGAN's ImageNet model to a category of Places365 (thesis Table 3.2, off-manifold).
_base_ = ['../_base_/transfergan_biggan_128.py', '../_base_/datasets/places365_alley_128.py']
_set = dict(_delete_=True, type='LabelledImageFolder', data_root='data/places365/train/a', image_size=128)
train_dataloader = dict(dataset=dict(class_order=['alley'], num_per_class=500, **_set))
