# NICE-GAN between red discs and blue squares at 32x32, on the CPU.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/nicegan.py',
    '../_base_/datasets/toy_disc2square_32.py',
    '../_base_/evaluation_toy_disc2square_32.py',
]
_domains = ['disc', 'square']
_discriminator = dict(type='NICEGANDiscriminator', base_channels=16, local_downs=0, global_downs=1)
_generator = dict(type='NICEGANGenerator', in_channels=32, base_channels=16, num_blocks=3)
model = dict(
    domains=_domains,
    networks=dict(
        discriminators=dict.fromkeys(_domains, _discriminator), generators=dict.fromkeys(_domains, _generator)
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=200)
default_hooks = dict(checkpoint=dict(interval=200), sample_grid=dict(type='DomainTranslationGridHook'))
