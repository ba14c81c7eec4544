# StarGAN v2 between red discs and blue squares at 32x32, on the CPU.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/starganv2.py',
    '../_base_/datasets/toy_disc2square_32.py',
    '../_base_/evaluation_toy_disc2square_32.py',
]
_seen = dict(num_domains=2, image_size=32, base_channels=16, max_channels=64)
model = dict(
    domains=['disc', 'square'],
    networks=dict(
        generator=dict(type='StarGANv2Generator', image_size=32, base_channels=16, max_channels=64),
        mapping_network=dict(type='StarGANv2MappingNetwork', num_domains=2, width=64),
        style_encoder=dict(type='StarGANv2StyleEncoder', **_seen),
        discriminator=dict(type='StarGANv2Discriminator', **_seen),
    ),
    losses=dict(diversity=dict(decay_iters=600)),
)
train_dataloader = dict(
    dataset=dict(_delete_=True, type='ReferenceImages', dataset={{_base_.train_dataloader.dataset.dataset}})
)
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=200)
custom_hooks = [dict(type='EMAHook', networks=['generator', 'mapping_network', 'style_encoder'], momentum=0.999)]
default_hooks = dict(checkpoint=dict(interval=200), sample_grid=dict(type='DomainTranslationGridHook'))
