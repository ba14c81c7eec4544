# NICE-GAN of the original paper: least squares, cycle 10, reconstruction 10, Adam at 1e-4 with weight decay.
# `domains`, `discriminators` and `generators` are a config's own.
model = dict(
    type='NICEGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    losses=dict(
        adversarial=dict(type='LSGANLoss'),
        cycle=dict(type='L1Loss', loss_weight=10),
        reconstruction=dict(type='L1Loss', loss_weight=10),
    ),
    moves=[dict(player='discriminator'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4))
optim_wrapper = dict(constructor='PlayerOptimWrappers', discriminator=_adam, generator=_adam)
