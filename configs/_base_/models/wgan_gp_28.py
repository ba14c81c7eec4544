# WGAN-GP on 28x28 digits: the networks of thesis section A.2.1 at a quarter of their width, for two CPU cores.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generator=dict(type='WGANGPGenerator28', noise_size=128, dim=16),
        critic=dict(type='WGANGPCritic28', dim=16),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    critic=dict(optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.9))),
    generator=dict(optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.9))),
)
