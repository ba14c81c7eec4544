# CycleGAN between photos and Monet's paintings at 256x256, one of the six pairs of SDIT's artworks (thesis table 6.4):
# 200 epochs of 3,000 photos, the learning rate falling to 0 over the second half.
_base_ = ['../default_runtime.py', '../_base_/models/cyclegan.py', '../_base_/datasets/unpaired_folders.py']
_domains = ['photo', 'monet']
_iters = 200 * 3000
model = dict(
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        generators={name: dict(type='ResNetGenerator') for name in ('photo_to_monet', 'monet_to_photo')},
        discriminators={name: dict(type='PatchGANDiscriminator') for name in _domains},
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains},
    image_size=256,
)
train_dataloader = dict(
    dataset=dict(
        domains={
            name: dict(type='ImageFolder', data_root=f'data/artworks/train/{name}', image_size=256, cache='none')
            for name in _domains
        },
        rounds=100,
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=_iters)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=_iters // 2, end=_iters, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
