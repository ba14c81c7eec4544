# StarGAN v2 between the 149 classes of Animal faces at 128x128: 100,000 iterations on 8 images. The folders
# data/animal_faces/{train,test}/<class> are named 000 to 148; with other names, give them as model.domains.
_base_ = ['../default_runtime.py', '../_base_/models/starganv2.py', '../_base_/evaluation_per_class.py']
_domains = [f'{index:03d}' for index in range(149)]
_size = dict(image_size=128)
_seen = dict(num_domains=149, **_size)
model = dict(
    domains=_domains,
    data_preprocessor=dict(
        random_crop=128, zoom=dict(probability=0.5, scale=(0.8, 1.0), ratio=(0.9, 1.1)), alike=False
    ),
    networks=dict(
        generator=dict(type='StarGANv2Generator', **_size),
        mapping_network=dict(type='StarGANv2MappingNetwork', num_domains=149),
        style_encoder=dict(type='StarGANv2StyleEncoder', **_seen),
        discriminator=dict(type='StarGANv2Discriminator', **_seen),
    ),
)
_faces = dict(type='LabelledImageFolder', class_order=_domains, cache='none')
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    # larger, so that the parts that are cut out need not grow
    dataset=dict(
        type='ReferenceImages',
        balanced=True,
        dataset=dict(data_root='data/animal_faces/train', image_size=144, **_faces),
    ),
)
val_dataloader = dict(
    batch_size=50,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(data_root='data/animal_faces/test', **_size, **_faces),
)
train_cfg = dict(type='GameTrainLoop', max_iters=100_000, val_interval=20_000)
custom_hooks = [dict(type='EMAHook', networks=['generator', 'mapping_network', 'style_encoder'], momentum=0.999)]
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
