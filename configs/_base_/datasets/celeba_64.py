# CelebA's aligned faces (200 K); the centre 178 x 178 of each.
_base_ = './source_loaders_64.py'
_images = dict(data_root='data/celeba/img_align_celeba')
train_dataloader = dict(dataset=_images)
val_dataloader = dict(dataset=_images)
test_dataloader = dict(dataset=_images)
