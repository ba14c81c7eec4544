# Mix and match networks of colour, depth and 13 + 1 classes at 256x256: SegNets, colour from VGG-16 (thesis tables A.3
# to A.6). Without the weights of VGG-16 a run warns, and trains all from scratch.
_classes = dict(
    unknown=(0, 0, 0),
    bed=(0, 0, 255),
    books=(233, 89, 48),
    ceiling=(0, 218, 0),
    chair=(149, 0, 240),
    floor=(222, 241, 24),
    furniture=(255, 206, 206),
    objects=(0, 224, 229),
    picture=(106, 136, 204),
    sofa=(117, 29, 41),
    table=(240, 35, 235),
    tv=(0, 167, 156),
    wall=(249, 139, 0),
    window=(225, 229, 194),
)
model = dict(
    type='MixAndMatchNets',
    data_preprocessor=dict(type='ModalityPreprocessor', flip=0.5, scale=(0.9, 1.1)),
    modalities=dict(
        rgb=dict(type='ImageModality'),
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality',
            num_classes=14,
            void=0,  # trained as a class, but not scored
            class_names=list(_classes),
            palette=list(_classes.values()),
        ),
    ),
    graph=dict(sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth']), anchor='rgb'),
    networks=dict(
        encoders=dict(
            rgb=dict(
                type='SegNetEncoder',
                norm_cfg=None,
                pretrained='torchvision://vgg16',
                if_missing='scratch',
                input_norm='imagenet',
            ),
            depth=dict(type='SegNetEncoder', in_channels=1),
            segmentation=dict(type='SegNetEncoder', in_channels=14),
        ),
        decoders=dict(
            rgb=dict(type='RGBDecoder'),
            depth=dict(type='SegNetDecoder', out_channels=1),
            segmentation=dict(type='SegNetDecoder', out_channels=14),
        ),
        discriminators=dict(rgb=dict(type='RGBDiscriminator')),
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
