# CycleGAN between red discs and blue squares at 16x16, on the CPU; pairwise_cyclegan_toy_shapes16.py scores it.
_base_ = ['../default_runtime.py', '../_base_/models/cyclegan.py', '../_base_/datasets/toy_shapes_16.py']
_domains = ['disc', 'square']
_generator = dict(type='ResNetGenerator', base_channels=16, num_blocks=3)
_discriminator = dict(type='PatchGANDiscriminator', base_channels=16, num_downs=2)
model = dict(
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        generators=dict.fromkeys(('disc_to_square', 'square_to_disc'), _generator),
        discriminators=dict.fromkeys(_domains, _discriminator),
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains},
    image_size=16,
)
train_cfg = dict(type='GameTrainLoop', max_iters=950)
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=None)
