# 100 of CelebA-HQ's images of women (attribute Male = -1) at 1024 px; data/celebahq/women.txt lists all of them.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/celebahq', split='women', image_size=1024)
train_dataloader = dict(batch_size=4, dataset=dict(num_images=100, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = val_dataloader
