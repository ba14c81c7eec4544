# DRIT on two sets of images of 128x128, A and B, with as many generator updates as MUNIT has; the learning rate falls
# to 0 over the second half. Data and scores are a config's own, and so is train_dataloader.batch_size=24.
_base_ = ['../default_runtime.py', './models/drit.py']
model = dict(domains=['A', 'B'], data_preprocessor=dict(alike=False))
train_cfg = dict(type='GameTrainLoop', max_iters=250_000, val_interval=50_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=125_000, end=250_000, by_epoch=False)]
param_scheduler = dict(content_discriminator=_decay, discriminator=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
