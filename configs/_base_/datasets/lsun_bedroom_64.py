# All of LSUN Bedrooms (3 M).
_base_ = './source_loaders_64.py'
_images = dict(data_root='data/lsun/bedroom_train')
train_dataloader = dict(dataset=_images)
val_dataloader = dict(dataset=_images)
test_dataloader = dict(dataset=_images)
