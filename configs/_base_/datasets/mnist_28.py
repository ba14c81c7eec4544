# MNIST as image files, data/mnist/{train,test}/<digit>/: all digits, with labels. A batch is 5 critic steps of 50.
_digits = dict(
    type='LabelledImageFolder',
    image_size=28,
    channels=1,
    class_order=['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
)
train_dataloader = dict(
    batch_size=250,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(data_root='data/mnist/train', **_digits),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(data_root='data/mnist/test', **_digits),
)
test_dataloader = val_dataloader
