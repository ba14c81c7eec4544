# The red discs and blue squares of ../../transferi2i/toy_biggan_shapes-16x16.py, the same 100 of each, as two domains.
train_dataloader = dict(
    batch_size=8,  # of each domain
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        dataset=dict(
            type='ToyObjects',
            image_size=16,
            shapes=['disc', 'square'],
            colours=['red', 'blue'],
            counts={'red disc': 100, 'blue square': 100},
            labelled='shape',
            background_range=(0.05, 0.15),
            size=(0.35, 0.55),
            position=(0.1, 0.9),
        ),
    ),
)
