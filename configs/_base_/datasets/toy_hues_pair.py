# Two of the four hues of ../sdit_toy_hues.py, the same 500 images of each, as two domains.
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
            colours=['yellow', 'blue'],
            colour_space='hsv',
            shapes=['disc', 'square', 'triangle'],
            background='gradient',
            background_range=(0.6, 0.9),
            size=(0.44, 0.69),
            position=(0.2, 0.8),
            labelled='colour',
            num_per_class=500,
        ),
    ),
)
