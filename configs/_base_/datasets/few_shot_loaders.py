# What MineGAN's photographs share: a few training images in memory, and a reference set that is decoded as it is
# needed. The reference is everything that there is of the target, not the few training images: these favour a model
# that repeats them. A leaf says how many images one iteration takes.
train_dataloader = dict(
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder'),
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', cache='none', check='none'),
)
test_dataloader = val_dataloader
