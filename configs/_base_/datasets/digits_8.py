# Digits at 8x8 (the central 24x24, averaged by 3), where fully connected networks train in seconds.
train_dataloader = dict(
    batch_size=192,  # 3 critic steps of 64 images
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=8, crop=24),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=8, crop=24, split='test'),
)
test_dataloader = val_dataloader
