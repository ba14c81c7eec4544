# Rendered white discs and squares of any place and size, 28x28, one channel. A batch is 3 critic steps of 32 images.
_objects = dict(type='ToyObjects', image_size=28, channels=1, colours=['white'], background='black')
train_dataloader = dict(
    batch_size=96,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(**_objects, shapes=['disc', 'square'], num_images=1500),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(**_objects, shapes=['disc', 'square'], num_images=1000, split='test'),
)
test_dataloader = val_dataloader
