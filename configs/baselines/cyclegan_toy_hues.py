# CycleGAN between two hues of rendered objects at 16x16, one of the six pairs of four. A minute on a free CPU core.
_base_ = ['../default_runtime.py', '../_base_/models/cyclegan.py', '../_base_/datasets/toy_hues_pair.py']
_domains = ['yellow', 'blue']
_generator = dict(type='ResNetGenerator', base_channels=8, num_blocks=2)
_discriminator = dict(type='PatchGANDiscriminator', base_channels=16, num_downs=2)
model = dict(
    data_preprocessor=dict(flip=0.0),
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        generators=dict.fromkeys(('yellow_to_blue', 'blue_to_yellow'), _generator),
        discriminators=dict.fromkeys(_domains, _discriminator),
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains} | dict(identity=dict(loss_weight=0)),
    image_size=16,
)
_adam = dict(optimizer=dict(lr=1e-3))
optim_wrapper = dict(critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=500)
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=None)
