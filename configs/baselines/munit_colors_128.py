# MUNIT between two colours of objects at 128x128, one of the six pairs of SDIT's four (thesis table 6.3).
_base_ = ['../_base_/models/munit.py', '../_base_/datasets/unpaired_folders.py']
_domains = ['yellow', 'blue']
model = dict(type='MUNIT', domains=_domains)
train_dataloader = dict(
    dataset=dict(
        domains={
            name: dict(type='ImageFolder', data_root=f'data/colour/train/{name}', image_size=128, cache='ram')
            for name in _domains
        },
        rounds=100,
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=1_000_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
