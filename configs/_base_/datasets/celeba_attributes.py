# CelebA with its attributes, of the square in the middle of each image: all but 2,000 images for training. `selected`
# and `image_size` are a config's own.
train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='AttributeImages',
        data_root='data/celeba/img_align_celeba',
        table='../list_attr_celeba.txt',
        crop=178,
        split='train',
        cache='none',
    ),
)
