# DRIT on rendered handbags of 16x16: flat red ones, and striped ones, most of them black. Two minutes. The classifiers
# that score it are those of the UDIT sweep: mmgentransfer sweep configs/udit/toy_handbags_texture_table.py
_base_ = [
    '../default_runtime.py',
    '../_base_/models/drit.py',
    '../_base_/datasets/toy_handbags_texture.py',
]
_width = dict(base_channels=8, init=dict(type='kaiming'))
_discriminator = dict(base_channels=16, num_layers=2, num_scales=1)
model = dict(
    domains=['flat', 'textured'],
    data_preprocessor=dict(flip=0.0),
    networks=dict(
        content_encoder=dict(num_downs=1, num_blocks=1, **_width),
        attribute_encoder=dict(num_downs=3, **_width),
        generator=dict(num_ups=1, num_blocks=1, **_width),
        content_discriminator=dict(content_size=8, in_channels=16, kernel=3, num_downs=2),
        discriminators=_discriminator,
        random_discriminators=_discriminator,
    ),
)
_faster = dict(optimizer=dict(lr=5e-4))
optim_wrapper = dict(content_discriminator=dict(optimizer=dict(lr=2e-4)), discriminator=_faster, generator=_faster)
train_dataloader = dict(batch_size=24)  # 4 + 4 for each of three updates
train_cfg = dict(type='GameTrainLoop', max_iters=500, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=dict(type='DomainTranslationGridHook'))
