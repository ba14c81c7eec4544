# IcGAN of five attributes of CelebA at 64x64, with which SDIT is compared (thesis tables 6.2 to 6.4): 25 epochs of the
# GAN, 12 of the encoders.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/icgan.py',
    '../_base_/datasets/celeba_attributes.py',
    '../_base_/evaluation_domains_faces.py',
]
_attributes = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
model = dict(
    domains=_attributes,
    exclusive=False,
    exclusive_groups=[['Blond_Hair', 'Brown_Hair']],
    networks=dict(generator=dict(num_domains=5), discriminator=dict(num_domains=5), label_encoder=dict(out_size=5)),
    stages=[
        dict(name='gan', iters=80_000, train=['discriminator', 'generator']),
        dict(name='encoders', iters=40_000, train=['noise_encoder', 'label_encoder']),
    ],
)
train_dataloader = dict(batch_size=64, dataset=dict(image_size=64, selected=_attributes))
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
train_cfg = dict(type='GameTrainLoop', max_iters=120_000, val_interval=120_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
