# SDIT, five attributes of CelebA's faces at 128x128: thesis table 6.1, last row, and figure 6.3.
_base_ = ['../_base_/sdit_celeba_128.py']
_attributes = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
model = dict(
    domains=_attributes,
    exclusive_groups=[['Blond_Hair', 'Brown_Hair']],
    networks=dict(generator=dict(num_domains=5), discriminator=dict(num_domains=5)),
)
train_dataloader = dict(dataset=dict(selected=_attributes))
val_dataloader = dict(dataset=dict(selected=_attributes))
test_dataloader = val_dataloader
