# StarGAN of five attributes of CelebA at 128x128 (thesis section 6.5): 200,000 generator updates on 16 images each,
# five critic updates to each of them.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/stargan.py',
    '../_base_/datasets/celeba_attributes.py',
    '../_base_/evaluation_domains_faces.py',
]
_attributes = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
model = dict(
    domains=_attributes,
    exclusive_groups=[['Blond_Hair', 'Brown_Hair']],
    losses=dict(domain=dict(exclusive=False)),
)
train_dataloader = dict(batch_size=80, dataset=dict(image_size=128, selected=_attributes))
val_dataloader = dict(
    dataset=dict(
        type='AttributeImages',
        data_root='data/celeba/img_align_celeba',
        table='../list_attr_celeba.txt',
        crop=178,
        split='test',
        image_size=128,
        selected=_attributes,
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=200_000, val_interval=50_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100_000, end=200_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
