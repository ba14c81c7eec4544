# MUNIT for images of 128x128: Adam at 1e-4, halved every 100,000 of 250,000 iterations, 4 images of each domain.
# UDIT adds a constraint to the losses. `domains` are a config's own; one config of a network serves both.
_base_ = ['../../default_runtime.py']
model = dict(
    type='MUNIT',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5, alike=False),
    networks=dict(
        content_encoders=dict(type='MUNITContentEncoder'),
        style_encoders=dict(type='MUNITStyleEncoder'),
        decoders=dict(type='MUNITDecoder'),
        discriminators=dict(type='MultiScaleDiscriminator'),
    ),
    losses=dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5),
        reconstruction=dict(type='L1Loss', loss_weight=10),
        content=dict(type='L1Loss'),
        style=dict(type='L1Loss'),
        cycle=dict(type='L1Loss', loss_weight=0),
    ),
    moves=[dict(player='discriminator'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4))
optim_wrapper = dict(constructor='PlayerOptimWrappers', discriminator=_adam, generator=_adam)
_halved = [dict(type='StepLR', step_size=100_000, gamma=0.5, by_epoch=False)]
param_scheduler = dict(discriminator=_halved, generator=_halved)
train_cfg = dict(type='GameTrainLoop', max_iters=250_000, val_interval=25_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
