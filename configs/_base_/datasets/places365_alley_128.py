# 500 images of a category of Places365 at 128 px; all of the category are the reference. Batches of 256.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/places365/train/a/alley', image_size=128)
train_dataloader = dict(batch_size=256, dataset=dict(num_images=500, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = val_dataloader
