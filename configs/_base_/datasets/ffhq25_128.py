# 25 FFHQ faces at 128 px, as in BSA's experiments; 10,000 other ones are the reference. Batches of 8, 5 critic steps.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/ffhq', image_size=128)
train_dataloader = dict(batch_size=40, dataset=dict(num_images=25, **_set))
val_dataloader = dict(dataset=dict(skip=25, num_images=10000, **_set))
test_dataloader = val_dataloader
