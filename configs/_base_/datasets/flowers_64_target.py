# Oxford Flowers, all 8,189 images of its three parts; a tenth is held out of training.
_base_ = './target_loaders_64.py'
_set = dict(data_root='data/flowers102/jpg')
train_dataloader = dict(dataset=dict(num_images=7370, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = dict(dataset=dict(skip=7370, **_set))
