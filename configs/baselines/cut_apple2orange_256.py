# CUT from apples to oranges at 256x256: 400 epochs of 100 images, the learning rate falling to 0 over the second half.
# The way back: model.domains "['orange','apple']". FastCUT: see ../_base_/models/cut.py.
_base_ = ['../default_runtime.py', '../_base_/models/cut.py', '../_base_/datasets/apple2orange_256.py']
_iters = 400 * 100
model = dict(domains=['apple', 'orange'], data_preprocessor=dict(random_crop=256, alike=False))
train_cfg = dict(type='GameTrainLoop', max_iters=_iters, val_interval=5000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=_iters // 2, end=_iters, by_epoch=False)]
param_scheduler = dict(discriminator=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=5000), sample_grid=dict(type='DomainTranslationGridHook'))
