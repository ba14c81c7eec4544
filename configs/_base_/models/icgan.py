# IcGAN: a conditional DCGAN of 64x64 pixels, then its encoders, Adam at 2e-4. `domains`, their number in the networks
# and the stages are a config's own.
model = dict(
    type='IcGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='IcGANGenerator', image_size=64),
        discriminator=dict(type='IcGANDiscriminator', image_size=64),
        noise_encoder=dict(type='IcGANEncoder', image_size=64, out_size=100),
        label_encoder=dict(type='IcGANEncoder', image_size=64),
    ),
    losses=dict(
        adversarial=dict(type='LogisticLoss'),
        mismatch=dict(type='LogisticLoss', loss_weight=0),  # above 0: wrong labels are negatives too
        noise=dict(type='PixelLoss', mode='mse'),
        labels=dict(type='PixelLoss', mode='mse'),
    ),
    moves=[
        dict(player='discriminator'),
        dict(player='generator'),
        dict(player='noise_encoder'),
        dict(player='label_encoder'),
    ],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(
    constructor='PlayerOptimWrappers', discriminator=_adam, generator=_adam, noise_encoder=_adam, label_encoder=_adam
)
