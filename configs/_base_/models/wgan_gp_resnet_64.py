# WGAN-GP with the residual networks of TransferGAN at 64 px (thesis section 2.3.3): 5 critic updates an iteration.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(-1.0, 1.0)),
    networks=dict(
        generator=dict(type='WGANGPGenerator', image_size=64, base_channels=64, noise_size=128),
        critic=dict(type='WGANGPCritic', image_size=64, base_channels=64),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.0, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
