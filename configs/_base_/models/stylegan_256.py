# Logistic loss with R1 (gamma 10) on StyleGAN's networks, Adam with a slow mapping network, as in the authors' code.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='StyleGANGenerator', image_size=256),
        critic=dict(type='StyleGANDiscriminator', image_size=256),
    ),
    losses=dict(adversarial=dict(type='LogisticLoss'), r1=dict(type='R1Penalty', loss_weight=5)),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(type='Adam', lr=2e-3, betas=(0.0, 0.99))
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    critic=dict(optimizer=_adam),
    generator=dict(optimizer=_adam, paramwise_cfg=dict(custom_keys={'mapping': dict(lr_mult=0.01)})),
)
