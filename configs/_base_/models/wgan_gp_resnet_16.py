# The residual WGAN-GP networks of thesis section 2.3.3, with batch norms in the generator, at 16x16 and a small width.
model = dict(
    type='TransferGAN',
    networks=dict(
        generator=dict(
            type='WGANGPGenerator',
            image_size=16,
            base_channels=16,
            channel_mults=(4, 2, 1),
            noise_size=64,
            out_channels=1,
        ),
        critic=dict(type='WGANGPCritic', image_size=16, base_channels=16, channel_mults=(1, 2, 4), in_channels=1),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    critic=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.0, 0.9))),
    generator=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.0, 0.9))),
)
