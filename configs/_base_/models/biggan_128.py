# Hinge loss on BigGAN's networks, with which the source was trained; Adam as in thesis section A.2.1, eps as in
# BigGAN's own recipe. A batch of 256 is accumulated from 8 parts, whose number is a matter of memory.
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='BigGANGenerator', image_size=128, noise_size=120, num_classes=1000),
        critic=dict(type='BigGANDiscriminator', image_size=128, num_classes=1000),
    ),
    losses=dict(adversarial=dict(type='HingeLoss')),
    moves=[dict(player='critic', accumulate=8), dict(player='generator', accumulate=8)],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    critic=dict(optimizer=dict(type='Adam', lr=4e-4, betas=(0.0, 0.999), eps=1e-6)),
    generator=dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.0, 0.999), eps=1e-6)),
)
