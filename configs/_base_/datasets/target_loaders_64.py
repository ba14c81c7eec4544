# What the target sets share: 5 critic updates of 64 images an iteration, every image decoded once and kept in memory.
# val_dataloader is the reference of FID, the whole set or 50,000 of it; test_dataloader holds what training leaves out.
train_dataloader = dict(
    batch_size=320,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', image_size=64),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', image_size=64),
)
test_dataloader = val_dataloader
