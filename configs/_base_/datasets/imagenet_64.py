# ImageNet's training images (1.3 M of 1,000 classes), without their labels.
_base_ = './source_loaders_64.py'
_images = dict(data_root='data/imagenet', split='train')
train_dataloader = dict(dataset=_images)
val_dataloader = dict(dataset=_images)
test_dataloader = dict(dataset=_images)
