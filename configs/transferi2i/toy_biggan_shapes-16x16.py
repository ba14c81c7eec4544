# Between red discs and blue squares at 16x16, from a GAN of triangles and crosses: train toy_source_shapes-16x16.py
# first, and for the scores ../classifiers/shapes_16.py and colours_16.py.
_base_ = ['../_base_/transferi2i_toy_biggan.py']
_source = dict(checkpoint='work_dirs/transferi2i/toy_source_shapes-16x16')
_objects = dict(
    type='ToyObjects',
    image_size=16,
    shapes=['disc', 'square'],
    colours=['red', 'blue'],
    counts={'red disc': 100, 'blue square': 100},
    labelled='shape',
    background_range=(0.05, 0.15),
    size=(0.35, 0.55),
    position=(0.1, 0.9),
)
_shape = dict(image_size=16, num_classes=2, init_cfg=_source)
model = dict(
    domains=['disc', 'square'],
    networks=dict(
        generator=dict(channel_mults=[4, 2, 1], noise_size=24, **_shape),
        discriminator=dict(channel_mults=[1, 2, 2], **_shape),
    ),
)
train_dataloader = dict(dataset=dict(type='WithSources', dataset=_objects))
val_dataloader = dict(dataset=dict(_objects, split='test', counts={'red disc': 500, 'blue square': 500}))
_judge = dict(
    type='ClassifierFeatures',
    hint='python tools/train.py trains configs/classifiers/shapes_16.py and colours_16.py',
)
_classifier = dict(type='DigitClassifier', image_size=16, in_channels=3, width=8)
val_evaluator = dict(
    extractors=dict(
        _delete_=True,
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
val_cfg = dict(targets=['square'])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
