# Scores of translations of red discs to blue squares, of datasets/toy_shapes_16.py, as those of
# ../transferi2i/toy_biggan_shapes-16x16.py: centroids, and two classifiers, of shapes and of colours.
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='ToyObjects',
        image_size=16,
        split='test',
        shapes=['disc', 'square'],
        colours=['red', 'blue'],
        counts={'red disc': 500, 'blue square': 500},
        labelled='shape',
        background_range=(0.05, 0.15),
        size=(0.35, 0.55),
        position=(0.1, 0.9),
    ),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=1, targets=['square'])
_judge = dict(
    type='ClassifierFeatures',
    hint='python tools/train.py trains configs/classifiers/shapes_16.py and colours_16.py',
)
_classifier = dict(type='DigitClassifier', image_size=16, in_channels=3, width=8)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(
        shapes=dict(_judge, classifier=dict(_classifier, num_classes=5), checkpoint='work_dirs/classifiers/shapes_16'),
        colours=dict(
            _judge, classifier=dict(_classifier, num_classes=2), checkpoint='work_dirs/classifiers/colours_16'
        ),
    ),
    metrics=[
        dict(type='CentroidError'),
        dict(type='ForwardClassification', extractor='shapes'),
        dict(type='ForwardClassification', extractor='colours'),
        dict(type='FID', extractor='shapes'),
        dict(type='KID', extractor='shapes', subset_size=100),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
