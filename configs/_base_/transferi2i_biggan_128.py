# TransferI2I between the classes of a data set, from BigGAN's ImageNet model at 128x128 (supplement, Table 1). Encoder
# and adaptor have the discriminator's learning rate. 30,000, 1,000 and 30,000 iterations; the sources give no number.
_base_ = ['./transferi2i.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/biggan_imagenet_128.pth', strategy='select_classes')
_shape = dict(image_size=128, num_classes=1000)  # as many as the data have
model = dict(
    taps=[4, 8, 16, 32],
    networks=dict(
        generator=dict(type='BigGANGenerator', noise_size=120, init_cfg=dict(prefix='generator', **_source), **_shape),
        discriminator=dict(type='BigGANDiscriminator', init_cfg=dict(prefix='critic', **_source), **_shape),
        adaptor=dict(sub_adaptor=dict(type='PreActResSubAdaptor')),
        aux_generator=dict(type='PartialSharedGenerator', share_until=16),
    ),
    losses=dict(adversarial=dict(type='HingeLoss'), auxiliary=dict(type='HingeLoss', loss_weight=0.01)),
    stages=[
        dict(name='st_init', iters=30_000),
        dict(name='self_init', iters=1_000, reset_optimizers=True),
        dict(name='transfer', iters=30_000, reset_optimizers=True),
    ],
)
_adam = dict(type='Adam', betas=(0.0, 0.999), eps=1e-6)
_groups = dict(custom_keys=dict(encoder=dict(lr_mult=4.0), adaptor=dict(lr_mult=4.0)))
optim_wrapper = dict(
    discriminator=dict(optimizer=dict(lr=2e-4, **_adam)),
    generator=dict(optimizer=dict(lr=5e-5, **_adam), paramwise_cfg=_groups),
)
train_cfg = dict(type='GameTrainLoop', max_iters=61_000, val_interval=61_000)
