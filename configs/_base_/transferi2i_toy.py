# TransferI2I at the size of toys: Adam with 2e-4 for the generators and four times that for all else, one worker, and a
# small classifier's accuracy in place of Inception.
_base_ = ['./transferi2i.py']
_adam = dict(type='Adam', betas=(0.0, 0.999))
_groups = dict(custom_keys=dict(encoder=dict(lr_mult=4.0), adaptor=dict(lr_mult=4.0)))
optim_wrapper = dict(
    discriminator=dict(optimizer=dict(lr=8e-4, **_adam)),
    generator=dict(optimizer=dict(lr=2e-4, **_adam), paramwise_cfg=_groups),
)
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = dict(batch_size=50, num_workers=0)
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(interval=500))
