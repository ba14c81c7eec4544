# Labelled Faces in the Wild, all 13,233 images; a tenth is held out of training.
_base_ = './target_loaders_64.py'
_set = dict(data_root='data/lfw')
train_dataloader = dict(dataset=dict(num_images=11910, **_set))
val_dataloader = dict(dataset=_set)
test_dataloader = dict(dataset=dict(skip=11910, **_set))
