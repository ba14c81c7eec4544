# 200 red vehicles at 256 px, cars and buses 0.3:0.7, of the folders data/red_vehicles/{cars,buses}. The reference is
# everything that there is of them in the same proportion. Batches of 4.
_base_ = './few_shot_loaders.py'
_set = dict(type='LabelledImageFolder', data_root='data/red_vehicles', image_size=256, labelled=False)
train_dataloader = dict(batch_size=4, dataset=dict(mixture=dict(cars=60, buses=140), **_set))
val_dataloader = dict(dataset=dict(mixture=dict(cars=0.3, buses=0.7), **_set))
test_dataloader = val_dataloader
