# CycleGAN between the handwritten digits 5, 7, 8, 9 and 6 at 32x32, on the CPU; pairwise_cyclegan_toy_digits32.py
# scores it.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/cyclegan.py',
    '../_base_/datasets/toy_digits_to_6_32.py',
]
_domains = ['others', '6']
_generator = dict(type='ResNetGenerator', in_channels=1, out_channels=1, base_channels=16, num_blocks=3)
_discriminator = dict(type='PatchGANDiscriminator', in_channels=1, base_channels=16, num_downs=2)
model = dict(
    modalities={name: dict(type='ImageModality', channels=1) for name in _domains},
    data_preprocessor=dict(flip=0.0),
    networks=dict(
        generators=dict.fromkeys(('others_to_6', '6_to_others'), _generator),
        discriminators=dict.fromkeys(_domains, _discriminator),
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains},
    image_size=32,
)
train_cfg = dict(type='GameTrainLoop', max_iters=900)
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=None)
