# Men and women of other portraits, such as Adience's: scores what a translator of makeup keeps (thesis section 5.6.4).
_base_ = ['../_base_/models/semantic_extractor.py']
_images = dict(type='LabelledImageFolder', data_root='data/adience', image_size=128, class_order=['male', 'female'])
train_dataloader = dict(dataset=dict(_images, skip=500))
val_dataloader = dict(dataset=dict(_images, num_per_class=500))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=10_000, val_interval=1000)
randomness = dict(seed=5)
