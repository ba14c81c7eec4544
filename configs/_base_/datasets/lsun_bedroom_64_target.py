# 100,000 LSUN Bedrooms to train on. Subsets are the first of one permutation, so that 1K lies in 5K, ... in 1M (thesis
# Table 2.2); the references start after the largest one and are the same for all of them.
_base_ = './target_loaders_64.py'
_root = 'data/lsun/bedroom_train'
train_dataloader = dict(dataset=dict(data_root=_root, num_images=100000))
val_dataloader = dict(dataset=dict(data_root=_root, skip=1000000, num_images=50000))
test_dataloader = dict(dataset=dict(data_root=_root, skip=1000000, num_images=10000))
