# StarGAN v2 of the original paper: logistic losses with R1, Adam at 1e-4, the mapping network at 1e-6. `domains`,
# `networks` and averages of the weights are a config's own.
model = dict(
    type='StarGANv2',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        r1=dict(type='R1Penalty', loss_weight=0.5),
        style=dict(type='L1Loss'),
        diversity=dict(type='StyleDiversityLoss', loss_weight=2, decay_iters=100_000),
        cycle=dict(type='L1Loss'),
    ),
    moves=[
        dict(player='discriminator'),
        dict(player='discriminator', losses='reference_discriminator'),
        dict(player='generator'),
        dict(player='generator', losses='reference_generator', freeze=['mapping_network', 'style_encoder']),
    ],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.0, 0.99), weight_decay=1e-4))
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    discriminator=_adam,
    generator=dict(_adam, paramwise_cfg=dict(custom_keys={'mapping_network': dict(lr_mult=0.01)})),
)
