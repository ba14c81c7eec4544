# IcGAN, of 64x64, between four colours of objects at 128x128, which it resizes (thesis table 6.3).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/icgan.py',
    '../_base_/evaluation_domains_reverse.py',
]
_domains = ['yellow', 'blue', 'green', 'orange']
model = dict(
    domains=_domains,
    networks=dict(generator=dict(num_domains=4), discriminator=dict(num_domains=4), label_encoder=dict(out_size=4)),
    stages=[
        dict(name='gan', iters=20_000, train=['discriminator', 'generator']),
        dict(name='encoders', iters=10_000, train=['noise_encoder', 'label_encoder']),
    ],
)
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='LabelledImageFolder', data_root='data/colour/train', image_size=128, class_order=_domains, cache='ram'
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='LabelledImageFolder', data_root='data/colour/test', image_size=128, class_order=_domains, cache='ram'
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=30_000, val_interval=30_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
