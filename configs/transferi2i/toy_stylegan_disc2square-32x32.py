# From red discs to blue squares at 32x32: two StyleGANs that start from one of triangles and crosses. Train
# toy_source_stylegan-32x32.py first.
_base_ = ['../_base_/transferi2i_toy.py']
_source = dict(type='TransferredWeights', checkpoint='work_dirs/transferi2i/toy_source_stylegan-32x32')
_shape = dict(image_size=32, base_channels=128, max_channels=32)
_generator = dict(
    type='StyleGANGenerator',
    noise_size=32,
    num_mapping_layers=4,
    init_cfg=dict(prefix='generator', **_source),
    **_shape,
)
_discriminator = dict(type='StyleGANDiscriminator', init_cfg=dict(prefix='critic', **_source), **_shape)
model = dict(
    domains=['disc', 'square'],
    mixing=0.9,
    networks=dict(
        generator=_generator,
        discriminator=_discriminator,
        source_generator=_generator,
        source_discriminator=_discriminator,
        adaptor=dict(sub_adaptor=dict(type='ConvSubAdaptor')),
        aux_generator=dict(type='PartialSharedGenerator', share_until=8),
    ),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        auxiliary=dict(type='LogisticLoss', loss_weight=0.01),
        r1=dict(type='R1Penalty', loss_weight=5),
    ),
    stages=[
        dict(name='st_init', iters=600),
        dict(name='self_init', iters=200, reset_optimizers=True),
        dict(name='transfer', iters=300, reset_optimizers=True),
    ],
)
train_cfg = dict(type='GameTrainLoop', max_iters=1100, val_interval=1100)
_objects = dict(
    type='ToyObjects',
    image_size=32,
    shapes=['disc', 'square'],
    colours=['red', 'blue'],
    counts={'red disc': 100, 'blue square': 100},
    labelled='shape',
    size=(0.35, 0.55),
)
train_dataloader = dict(dataset=dict(type='UnpairedDomains', dataset=_objects))
val_dataloader = dict(dataset=dict(split='test', **_objects))
_classifier = dict(classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, width=8), lr=1e-3, iters=300)
val_evaluator = dict(
    extractors=None, metrics=[dict(type='CentroidError'), dict(type='ForwardClassification', **_classifier)]
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
