# 200 red vehicles at 256 px, cars and buses 0.3:0.7, 0.5:0.5 or 0.7:0.3: data/red_vehicles/cars_0.3_train.txt lists the
# 60 cars and 140 buses, cars_0.3_all.txt every image that there is, in the same proportion. Batches of 4.
_base_ = './few_shot_loaders.py'
_set = dict(data_root='data/red_vehicles', image_size=256)
train_dataloader = dict(batch_size=4, dataset=dict(split='cars_0.3_train', **_set))
val_dataloader = dict(dataset=dict(split='cars_0.3_all', **_set))
test_dataloader = val_dataloader
