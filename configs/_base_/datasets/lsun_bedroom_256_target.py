# 200 LSUN bedrooms at 256 px to train on; 50,000 other ones are the reference. Batches of 4, one critic step.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/lsun/bedroom_train', image_size=256)
train_dataloader = dict(batch_size=4, dataset=dict(num_images=200, **_set))
val_dataloader = dict(dataset=dict(skip=200, num_images=50000, **_set))
test_dataloader = val_dataloader
