# Mix and match networks of colour, depth and 13 + 1 classes at 256x256: SegNets, colour from VGG-16 (thesis tables A.3
# to A.6). Without the weights of VGG-16 a run warns, and trains all from scratch.
_base_ = './modalities_scenes.py'
model = dict(
    type='MixAndMatchNets',
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
