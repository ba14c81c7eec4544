# DRIT in its first form, for images of 128x128: Adam at 1e-4, 4 + 4 images of each domain an update,
# three updates of the content discriminator to one of the rest. `domains` are a config's own.
_discriminator = dict(type='MultiScaleDiscriminator', slope=0.01)
_l1 = dict(type='PixelLoss', mode='l1', loss_weight=10)
model = dict(
    type='DRIT',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        content_encoder=dict(type='DRITContentEncoder'),
        attribute_encoder=dict(type='DRITAttributeEncoder'),
        generator=dict(type='DRITGeneratorConcat'),
        content_discriminator=dict(type='DRITContentDiscriminator', content_size=32),
        discriminators=_discriminator,
        random_discriminators=_discriminator,
    ),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        content=dict(type='ContentConfusionLoss'),
        cross_cycle=_l1,
        reconstruction=_l1,
        attribute=dict(type='GaussianKLLoss', loss_weight=0.01, reduction='sum'),
        content_code=dict(type='CodeL2Loss', loss_weight=0.01),
        latent_regression=dict(type='L1Loss', loss_weight=10),
        mode_seeking=dict(type='ModeSeekingLoss', loss_weight=0),  # 1: DRIT++
    ),
    moves=[
        dict(player='content_discriminator', repeat=3),
        dict(player='discriminator'),
        dict(player='generator'),
        dict(player='generator', losses='random_code', freeze=['attribute_encoder']),
    ],
)
_adam = dict(type='Adam', lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    content_discriminator=dict(optimizer=dict(_adam, lr=4e-5), clip_grad=dict(max_norm=5)),
    discriminator=dict(optimizer=_adam),
    generator=dict(optimizer=_adam),
)
