# Hinge loss on SNGAN's residual networks; Adam as in thesis section A.2.1, 5 critic steps as in SNGAN's own recipe.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='SNGANGenerator', image_size=128),
        critic=dict(type='SNGANDiscriminator', image_size=128),
    ),
    losses=dict(adversarial=dict(type='HingeLoss')),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.0, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
