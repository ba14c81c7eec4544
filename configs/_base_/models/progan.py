# WGAN-GP with a drift penalty on ProGAN's networks; Adam as in thesis section A.2.1. One critic step and the drift are
# those of ProGAN's own recipe, where the thesis is silent. Nothing is faded in: only the last side's layers are used.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='ProGANGenerator', image_size=1024),
        critic=dict(type='ProGANDiscriminator', image_size=1024),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        drift=dict(type='DriftPenalty', loss_weight=0.001),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1.5e-3, betas=(0.0, 0.99)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
