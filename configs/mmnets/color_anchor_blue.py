# Recolouring of objects without pairs (thesis fig. 4.5): eleven colours at 128x128, of 110 translations the 20 from and
# to blue are trained.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/unpaired_folders.py',
    '../_base_/models/unpaired_mmnets.py',
]
_domains = ['blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black']
model = dict(
    anchor='blue',
    image_size=128,
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
            name: dict(type='ImageFolder', data_root=f'data/colour/train/{name}', image_size=128, cache='ram')
            for name in _domains
        }
    ),
)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
