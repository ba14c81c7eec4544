# CycleGAN between two colours of objects at 128x128, one of the six pairs of SDIT's four (thesis table 6.3): 200
# epochs of 800 images, without the identity term.
_base_ = ['../default_runtime.py', '../_base_/models/cyclegan.py', '../_base_/datasets/unpaired_folders.py']
_domains = ['yellow', 'blue']
_iters = 200 * 800
model = dict(
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        generators={name: dict(type='ResNetGenerator', num_blocks=6) for name in ('yellow_to_blue', 'blue_to_yellow')},
        discriminators={name: dict(type='PatchGANDiscriminator') for name in _domains},
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains} | dict(identity=dict(loss_weight=0)),
    image_size=128,
)
train_dataloader = dict(
    dataset=dict(
        domains={
            name: dict(type='ImageFolder', data_root=f'data/colour/train/{name}', image_size=128, cache='ram')
            for name in _domains
        },
        rounds=100,
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=_iters)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=_iters // 2, end=_iters, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
