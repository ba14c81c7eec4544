# CUT of the original paper: least squares, contrasts of 256 patches at five taps, Adam at 2e-4. `domains` is a config's
# own. FastCUT: identity_nce.loss_weight=0, nce.loss_weight=10, flip_equivariance=True; 150 + 50 epochs.
model = dict(
    type='CUT',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='ResNetGenerator', antialias=True, init=dict(type='xavier', gain=0.02)),
        discriminator=dict(type='PatchGANDiscriminator', antialias=True, init=dict(type='xavier', gain=0.02)),
        feature_heads=dict(type='PatchFeatureHeads'),
    ),
    losses=dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5),
        nce=dict(type='PatchNCELoss', loss_weight=0.5),
        identity_nce=dict(type='PatchNCELoss', loss_weight=0.5),
    ),
    moves=[dict(player='discriminator'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', discriminator=_adam, generator=_adam)
