# Places205's training images (2.4 M), without their labels.
_base_ = './source_loaders_64.py'
_images = dict(data_root='data/places205', split='train')
train_dataloader = dict(dataset=_images)
val_dataloader = dict(dataset=_images)
test_dataloader = dict(dataset=_images)
