# What the large source sets share: 5 critic updates of 128 images an iteration, decoded by workers as they are needed.
# The sets are listed but not checked file by file. FID compares with 50,000 of the training images.
train_dataloader = dict(
    batch_size=640,
    num_workers=8,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', image_size=64, cache='none', check='none'),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', image_size=64, num_images=50000),
)
test_dataloader = val_dataloader
