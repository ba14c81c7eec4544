# The toy's BigGAN and its stages; a leaf gives sides, widths and the number of classes.
_base_ = ['./transferi2i_toy.py']
_source = dict(type='TransferredWeights')
model = dict(
    taps=[4, 8],
    networks=dict(
        generator=dict(
            type='BigGANGenerator',
            base_channels=16,
            embedding_size=16,
            attention_resolutions=[],
            init_cfg=dict(prefix='generator', **_source),
        ),
        discriminator=dict(
            type='BigGANDiscriminator',
            base_channels=16,
            attention_resolutions=[],
            init_cfg=dict(prefix='critic', **_source),
        ),
        adaptor=dict(sub_adaptor=dict(type='PreActResSubAdaptor')),
        aux_generator=dict(type='PartialSharedGenerator', share_until=4),
    ),
    losses=dict(adversarial=dict(type='HingeLoss'), auxiliary=dict(type='HingeLoss', loss_weight=0.01)),
    stages=[
        dict(name='st_init', iters=600),
        dict(name='self_init', iters=200, reset_optimizers=True),
        dict(name='transfer', iters=150, reset_optimizers=True),
    ],
)
train_cfg = dict(type='GameTrainLoop', max_iters=950, val_interval=950)
