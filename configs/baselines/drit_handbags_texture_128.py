# DRIT on Handbags-texture, with which UDIT is compared (thesis section 5.6): flat red bags and textured ones, most of
# them black. As many generator updates as MUNIT has; the learning rate falls to 0 over the second half.
# mmgentransfer make-biased-set configs/_base_/biased_sets/handbags_texture.py writes the manifests.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/drit.py',
    '../_base_/datasets/unpaired_folders.py',
    '../_base_/evaluation_domains.py',
]
_bags = dict(type='AttributeImages', data_root='data/handbags', image_size=128)
model = dict(domains=['A', 'B'])
train_dataloader = dict(
    batch_size=24,  # of each domain: 4 + 4 for each of three updates
    dataset=dict(
        domains=dict(
            A=dict(_bags, table='manifests/handbags_texture/trainA.csv'),
            B=dict(_bags, table='manifests/handbags_texture/trainB.csv'),
        )
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='UnpairedDomains',
        domains=dict(
            A=dict(_bags, table='manifests/handbags_texture/testA.csv'),
            B=dict(_bags, table='manifests/handbags_texture/trainB.csv'),
        ),
    )
)
val_cfg = dict(targets=['B'])
train_cfg = dict(type='GameTrainLoop', max_iters=250_000, val_interval=50_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=125_000, end=250_000, by_epoch=False)]
param_scheduler = dict(content_discriminator=_decay, discriminator=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
