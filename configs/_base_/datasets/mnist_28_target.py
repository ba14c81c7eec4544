# 1,000 training images of one MNIST digit (thesis section 3.4.1); its test images are the reference.
train_dataloader = dict(
    batch_size=320,  # 5 critic steps of 64 images
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', data_root='data/mnist/train/9', image_size=28, channels=1, num_images=1000),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='ImageFolder', data_root='data/mnist/test/9', image_size=28, channels=1),
)
test_dataloader = val_dataloader
