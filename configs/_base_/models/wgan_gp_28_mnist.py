# WGAN-GP on 28x28 MNIST at the full width of thesis section A.2.1 (generator 1,554,177 parameters with |z| = 128,
# critic 1,030,145). Learning rate and betas are those of the authors' code for its sources; the thesis gives none.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generator=dict(type='WGANGPGenerator28', noise_size=128, dim=64),
        critic=dict(type='WGANGPCritic28', dim=64),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
