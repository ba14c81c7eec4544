# As digits_28.py, for the digits at 8x8.
_base_ = ['digits_28.py']
model = dict(networks=dict(classifier=dict(image_size=8)))
train_dataloader = dict(dataset=dict(image_size=8, crop=24))
train_cfg = dict(max_iters=600)
default_hooks = dict(checkpoint=dict(interval=600))
