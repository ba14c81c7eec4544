# StarGAN of five attributes of CelebA at 128x128 (thesis section 6.5).
_base_ = [
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
train_dataloader = dict(batch_size=80, dataset=dict(image_size=128, selected=_attributes))  # 16 of each update
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
