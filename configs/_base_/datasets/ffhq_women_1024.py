# 100 of FFHQ's images of women at 1024 px; data/ffhq/women.txt lists all of them. Batches of 4, one critic step.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/ffhq', split='women', image_size=1024)
train_dataloader = dict(batch_size=4, dataset=dict(num_images=100, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = val_dataloader
