# Between red discs and blue squares at 32x32, from a GAN of triangles and crosses: train
# toy_source_shapes-32x32.py first.
_base_ = ['../_base_/transferi2i_toy_biggan.py']
_source = dict(checkpoint='work_dirs/transferi2i/toy_source_shapes-32x32')
_objects = dict(
    type='ToyObjects',
    image_size=32,
    shapes=['disc', 'square'],
    colours=['red', 'blue'],
    counts={'red disc': 100, 'blue square': 100},
    labelled='shape',
    background_range=(0.05, 0.15),
    size=(0.35, 0.55),
    position=(0.1, 0.9),
)
_shape = dict(image_size=32, num_classes=2, init_cfg=_source)
model = dict(
    domains=['disc', 'square'],
    networks=dict(
        generator=dict(channel_mults=[4, 4, 2, 1], noise_size=32, **_shape),
        discriminator=dict(channel_mults=[1, 2, 4, 4], **_shape),
    ),
)
train_dataloader = dict(dataset=dict(type='WithSources', dataset=_objects))
val_dataloader = dict(dataset=dict(split='test', **_objects))
_set = {key: value for key, value in _objects.items() if key not in ('counts', 'labelled', 'shapes', 'colours')}
val_evaluator = dict(
    extractors=None,
    metrics=[
        dict(type='CentroidError'),
        dict(
            type='ForwardClassification',  # the classifier also knows blue discs and red squares
            classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, width=8),
            lr=1e-3,
            iters=300,
            others=[
                dict(_set, num_images=100, shapes=['disc'], colours=['blue']),
                dict(_set, num_images=100, shapes=['square'], colours=['red']),
            ],
        ),
    ],
)
val_cfg = dict(targets=['square'])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
