# NICE-GAN between apples and oranges at 256x256: 300,000 iterations, the learning rate falling to 0 over the second
# half.
_base_ = ['../default_runtime.py', '../_base_/models/nicegan.py', '../_base_/datasets/apple2orange_256.py']
_domains = ['apple', 'orange']
_iters = 300_000
model = dict(
    domains=_domains,
    data_preprocessor=dict(random_crop=256, alike=False),
    networks=dict(
        discriminators={name: dict(type='NICEGANDiscriminator') for name in _domains},
        generators={name: dict(type='NICEGANGenerator') for name in _domains},
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=_iters, val_interval=10_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=_iters // 2, end=_iters, by_epoch=False)]
param_scheduler = dict(discriminator=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
