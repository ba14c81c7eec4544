# A few images of one digit to train on; the 400 images of it that no run trains on are the reference.
train_dataloader = dict(
    batch_size=96,  # 3 critic steps of 32 images
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=28, classes=[9], split='train', num_images=100),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=28, classes=[9], split='test'),
)
test_dataloader = val_dataloader
