# 50,000 of the 2 M LSUN Kitchens to train on; the references are other ones.
_base_ = './target_loaders_64.py'
_root = 'data/lsun/kitchen_train'
train_dataloader = dict(dataset=dict(data_root=_root, num_images=50000))
val_dataloader = dict(dataset=dict(data_root=_root, skip=50000, num_images=50000))
test_dataloader = dict(dataset=dict(data_root=_root, skip=50000, num_images=10000))
