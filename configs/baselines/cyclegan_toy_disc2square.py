# CycleGAN between red discs and blue squares at 32x32, on the CPU; pairwise_cyclegan_toy_disc2square.py scores it.
_base_ = ['../default_runtime.py', '../_base_/models/cyclegan.py', '../_base_/datasets/toy_disc2square_32.py']
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
    image_size=32,
)
train_cfg = dict(type='GameTrainLoop', max_iters=900)
default_hooks = dict(checkpoint=dict(interval=200), sample_grid=None)
