# Red discs and blue squares at 32x32, 100 of each to learn from and to score on.
_set = dict(type='ToyObjects', image_size=32, noise=0.05, size=(0.35, 0.55))
_red = dict(shapes=['disc'], colours=['red'])
_blue = dict(shapes=['square'], colours=['blue'])
train_dataloader = dict(
    batch_size=8,  # of each domain
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        domains=dict(disc=dict(num_images=100, **_set, **_red), square=dict(num_images=100, **_set, **_blue)),
    ),
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='ToyObjects',
        image_size=32,
        noise=0.05,
        size=(0.35, 0.55),
        split='test',
        counts={'red disc': 100, 'blue square': 100},
        shapes=['disc', 'square'],
        colours=['red', 'blue'],
        labelled='shape',
    ),
)
# The classifier also knows blue discs and red squares, which a translation that changes one thing only may be.
val_cfg = dict(type='DomainTranslationLoop', num_samples=1, targets=['square'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='CentroidError'),
        dict(
            type='ForwardClassification',
            classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, width=8),
            lr=1e-3,
            iters=300,
            others=[
                dict(num_images=100, shapes=['disc'], colours=['blue'], **_set),
                dict(num_images=100, shapes=['square'], colours=['red'], **_set),
            ],
        ),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
