# CycleGAN of the original paper: least squares, cycle 10, identity 5, a pool of 50 images, Adam at 2e-4.
# `modalities`, `generators` and `discriminators` are a config's own.
model = dict(
    type='CycleGAN',
    data_preprocessor=dict(type='ModalityPreprocessor', flip=0.5),
    losses=dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
        identity=dict(type='ModalitySumLoss', loss_weight=5),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
    pool_size=50,
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
