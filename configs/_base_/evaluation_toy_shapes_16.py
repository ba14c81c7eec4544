# Scores of translations of red discs to blue squares, of datasets/toy_shapes_16.py, as those of
# ../transferi2i/toy_biggan_shapes-16x16.py.
_set = dict(
    type='ToyObjects', image_size=16, background_range=(0.05, 0.15), noise=0.05, size=(0.35, 0.55), position=(0.1, 0.9)
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        split='test',
        shapes=['disc', 'square'],
        colours=['red', 'blue'],
        counts={'red disc': 100, 'blue square': 100},
        labelled='shape',
        **_set,
    ),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=1, targets=['square'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='CentroidError'),
        dict(
            type='ForwardClassification',  # the classifier also knows blue discs and red squares
            classifier=dict(type='DigitClassifier', image_size=16, in_channels=3, width=8),
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
