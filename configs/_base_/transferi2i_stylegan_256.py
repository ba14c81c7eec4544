# TransferI2I from one domain to another, from StyleGAN's FFHQ model at 256x256 (supplement, Table 1): a GAN for each
# domain. Encoder and adaptor have the discriminator's learning rate, the mapping networks a hundredth of the
# generators'. 20,000, 1,000 and 20,000 iterations; the sources give no number.
_base_ = ['./transferi2i.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/stylegan_ffhq_256.pth')
_generator = dict(type='StyleGANGenerator', image_size=256, init_cfg=dict(prefix='generator', **_source))
_discriminator = dict(type='StyleGANDiscriminator', image_size=256, init_cfg=dict(prefix='critic', **_source))
model = dict(
    taps=[4, 8, 16, 32],
    mixing=0.9,
    data_preprocessor=dict(flip=0.5),
    networks=dict(
        generator=_generator,
        discriminator=_discriminator,
        source_generator=_generator,
        source_discriminator=_discriminator,
        adaptor=dict(sub_adaptor=dict(type='ConvSubAdaptor')),
        aux_generator=dict(type='PartialSharedGenerator', share_until=16),
    ),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        auxiliary=dict(type='LogisticLoss', loss_weight=0.01),
        r1=dict(type='R1Penalty', loss_weight=5),
    ),
    stages=[
        dict(name='st_init', iters=20_000),
        dict(name='self_init', iters=1_000, reset_optimizers=True),
        dict(name='transfer', iters=20_000, reset_optimizers=True),
    ],
)
_adam = dict(type='Adam', betas=(0.0, 0.99))
_groups = dict(encoder=dict(lr_mult=100.0), adaptor=dict(lr_mult=100.0), mapping=dict(lr_mult=0.01))
optim_wrapper = dict(
    discriminator=dict(optimizer=dict(lr=1e-3, **_adam)),
    generator=dict(optimizer=dict(lr=1e-5, **_adam), paramwise_cfg=dict(custom_keys=_groups)),
)
train_dataloader = dict(dataset=dict(type='UnpairedDomains', rounds=100))
val_dataloader = dict(dataset=dict(type='UnpairedDomains'))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=41_000, val_interval=41_000)
