# Mix and match networks of three stages of 8, 16 and 32 channels for 32x32 scenes; Adam at 1e-3 throughout.
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2), init=dict(type='kaiming'))
model = dict(
    type='MixAndMatchNets',
    data_preprocessor=dict(type='ModalityPreprocessor'),
    modalities=dict(
        rgb=dict(type='ImageModality'),
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality', num_classes=5, class_names=['wall', 'floor', 'disc', 'box', 'triangle']
        ),
    ),
    graph=dict(sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth']), anchor='rgb'),
    networks=dict(
        encoders=dict(
            rgb=dict(type='SegNetEncoder', in_channels=3, norm_cfg=None, **_stages),
            depth=dict(type='SegNetEncoder', in_channels=1, **_stages),
            segmentation=dict(type='SegNetEncoder', in_channels=5, **_stages),
        ),
        decoders=dict(
            rgb=dict(type='RGBDecoder', stage_channels=(8, 16, 32), init=dict(type='kaiming')),
            depth=dict(type='SegNetDecoder', out_channels=1, **_stages),
            segmentation=dict(type='SegNetDecoder', out_channels=5, **_stages),
        ),
        discriminators=dict(rgb=dict(type='RGBDiscriminator', channels=(8, 16, 32), init=dict(type='kaiming'))),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss'),
        segmentation=dict(type='CrossEntropyLoss', loss_weight=100),
        depth=dict(type='BerhuLoss', loss_weight=10),
        adversarial=dict(type='LSGANLoss'),
        autoencoder=dict(type='AutoencoderLoss'),
        latent=dict(type='LatentConsistencyLoss'),
        pseudo=dict(type='PseudoPairLoss'),
    ),
    moves=[dict(player='critic', every=2), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
