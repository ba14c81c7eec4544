# Cityscapes, the 3,475 images of train and val, which trainval.txt lists; a tenth is held out of training.
_base_ = './target_loaders_64.py'
_set = dict(data_root='data/cityscapes/leftImg8bit', split='trainval')
train_dataloader = dict(dataset=dict(num_images=3128, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = dict(dataset=dict(skip=3128, **_set))
