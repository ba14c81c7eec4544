# StarGAN of the original code: Wasserstein loss with gradient penalty 10, reconstruction 10, five critic updates to one
# of the generator, Adam at 1e-4. `domains`, and their number in the networks where it is not 5, are a config's own.
model = dict(
    type='StarGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='StarGANGenerator', num_domains=5),
        critic=dict(type='StarGANDiscriminator', num_domains=5, image_size=128),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        domain=dict(type='DomainLoss'),
        reconstruction=dict(type='PixelLoss', mode='l1', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
