# A folder of animal faces at 256 px. Batches of 2, one critic step.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/animal_faces', image_size=256)
train_dataloader = dict(batch_size=2, dataset=_set)
val_dataloader = dict(dataset=_set)
test_dataloader = val_dataloader
