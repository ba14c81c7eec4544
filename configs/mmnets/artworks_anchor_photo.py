# Photos and four painters' styles without pairs at 256x256: of 20 translations the 8 from and to photos are trained
# (thesis appendix A.3.2).
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/unpaired_folders.py',
    '../_base_/models/unpaired_mmnets.py',
]
_domains = ['photo', 'ukiyoe', 'vangogh', 'cezanne', 'monet']
model = dict(
    anchor='photo',
    image_size=256,
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        encoders={name: dict(type='PoolResEncoder') for name in _domains},
        decoders={name: dict(type='UnpoolResDecoder') for name in _domains},
        discriminators={name: dict(type='PatchDiscriminator') for name in _domains},
    ),
    losses={name: dict(type='PixelLoss', mode='l1') for name in _domains},
)
train_dataloader = dict(
    batch_size=4,  # of each domain
    dataset=dict(
        domains={
            name: dict(type='ImageFolder', data_root=f'data/artworks/train/{name}', image_size=256, cache='ram')
            for name in _domains
        }
    ),
)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
