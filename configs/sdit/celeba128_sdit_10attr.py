# SDIT, ten attributes of CelebA's faces at 128x128: thesis table 6.2, figures 6.4 and 6.5.
_base_ = ['../_base_/sdit_celeba_128.py']
_attributes = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
_attributes += ['Eyeglasses', 'Wearing_Hat', 'Smiling', 'Pale_Skin', 'Mouth_Slightly_Open']
model = dict(
    domains=_attributes,
    exclusive_groups=[['Blond_Hair', 'Brown_Hair']],
    networks=dict(generator=dict(num_domains=10), discriminator=dict(num_domains=10)),
)
train_dataloader = dict(dataset=dict(selected=_attributes))
val_dataloader = dict(dataset=dict(selected=_attributes))
test_dataloader = val_dataloader
