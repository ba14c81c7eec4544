# Mix and match networks of opponent colours at 128x128 (thesis section 4.5, tables A.11 and A.12): theta1 = R - G,
# theta2 = G - B, theta3 = RGB, which alone has a critic.
_difference = dict(type='MapModality', value_range=(-1, 1))
model = dict(
    type='MixAndMatchNets',
    data_preprocessor=dict(type='ModalityPreprocessor'),
    modalities=dict(theta1=_difference, theta2=_difference, theta3=dict(type='ImageModality')),
    graph=dict(sets=dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']), anchor='theta1'),
    networks=dict(
        encoders=dict(
            theta1=dict(type='PoolResEncoder', in_channels=1),
            theta2=dict(type='PoolResEncoder', in_channels=1),
            theta3=dict(type='PoolResEncoder', in_channels=3),
        ),
        decoders=dict(
            theta1=dict(type='UnpoolResDecoder', out_channels=1, out_act=None),
            theta2=dict(type='UnpoolResDecoder', out_channels=1, out_act=None),
            theta3=dict(type='UnpoolResDecoder', out_channels=3),
        ),
        discriminators=dict(theta3=dict(type='PatchDiscriminator')),
    ),
    losses=dict(
        theta1=dict(type='PixelLoss', loss_weight=10),
        theta2=dict(type='PixelLoss', loss_weight=10),
        theta3=dict(type='PixelLoss'),
        adversarial=dict(type='LSGANLoss'),
        autoencoder=dict(type='AutoencoderLoss'),
        latent=dict(type='LatentConsistencyLoss'),
        pseudo=dict(type='PseudoPairLoss'),
    ),
    moves=[dict(player='critic', every=2), dict(player='generator')],
)
