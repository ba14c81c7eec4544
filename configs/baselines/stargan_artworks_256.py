# StarGAN between photos and three painters' styles at 256x256 (thesis table 6.4).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/stargan.py',
    '../_base_/evaluation_domains_reverse.py',
]
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
model = dict(
    domains=_domains,
    networks=dict(generator=dict(num_domains=4), critic=dict(num_domains=4, image_size=256)),
)
train_dataloader = dict(
    batch_size=40,  # 8 for each of five critic updates
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='LabelledImageFolder', data_root='data/artworks/train', image_size=256, class_order=_domains, cache='none'
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='LabelledImageFolder', data_root='data/artworks/test', image_size=256, class_order=_domains, cache='none'
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=200_000, val_interval=50_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100_000, end=200_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
