# Fully connected WGAN-GP for 8x8 digits.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generator=dict(type='MLPGenerator', dims=[8, 64, 128, 64], image_size=8),
        critic=dict(type='MLPCritic', dims=[64, 128, 64, 1], image_size=8),
    ),
    losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
