# From red discs to blue squares at 32x32: two StyleGANs that start from one of triangles and crosses. Train
# toy_source_stylegan-32x32.py first, and for the scores ../classifiers/shapes_32.py and colours_32.py. Ten minutes.
_base_ = ['./toy_biggan_shapes-32x32.py']
_source = dict(type='TransferredWeights', checkpoint='work_dirs/transferi2i/toy_source_stylegan-32x32')
_shape = dict(image_size=32, base_channels=256, max_channels=32)
_generator = dict(
    type='StyleGANGenerator',
    noise_size=32,
    num_mapping_layers=4,
    init_cfg=dict(prefix='generator', **_source),
    **_shape,
)
_discriminator = dict(type='StyleGANDiscriminator', init_cfg=dict(prefix='critic', **_source), **_shape)
model = dict(
    mixing=0.9,
    networks=dict(
        generator=dict(_delete_=True, **_generator),
        discriminator=dict(_delete_=True, **_discriminator),
        source_generator=_generator,
        source_discriminator=_discriminator,
        adaptor=dict(sub_adaptor=dict(type='ConvSubAdaptor')),
        aux_generator=dict(share_until=8),
    ),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        auxiliary=dict(type='LogisticLoss', loss_weight=0.01),
        r1=dict(type='R1Penalty', loss_weight=0.1),
    ),
    stages=[
        dict(name='st_init', iters=500),
        dict(name='self_init', iters=200, reset_optimizers=True),
        dict(name='transfer', iters=1200, reset_optimizers=True),
    ],
)
train_cfg = dict(max_iters=1900, val_interval=1900)
train_dataloader = dict(dataset=dict(type='UnpairedDomains'))
