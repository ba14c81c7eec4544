# Thesis table 6.2: ten attributes of CelebA. StarGAN is SDIT without its code, its bottleneck and its attention.
# mmgentransfer sweep configs/sdit/table_6_2.py --jobs 1
title = 'CelebA, ten attributes (thesis table 6.2)'
base = dict(config='configs/sdit/celeba128_sdit_10attr.py')
_attributes = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
_attributes += ['Eyeglasses', 'Wearing_Hat', 'Smiling', 'Pale_Skin', 'Mouth_Slightly_Open']
_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator', 'attention')}
_stargan |= {'model.networks.discriminator.code_head': None, 'model.losses.generator_latent': None}
_icgan = {'model.domains': _attributes, 'model.networks.label_encoder.out_size': 10}
_icgan |= {f'model.networks.{name}.num_domains': 10 for name in ('generator', 'discriminator')}
_icgan |= {f'{part}_dataloader.dataset.selected': _attributes for part in ('train', 'val')}
rows = [
    dict(name='stargan_celeba128_10attr', options=_stargan),
    dict(name='icgan_celeba128_10attr', config='configs/baselines/icgan_celeba_64.py', options=_icgan),
    dict(name='celeba128_sdit_10attr'),
]
seeds = [0]
_id, _lpips, _real = 'id_distance_cosine_vggface', 'diversity_within_domain_lpips_alex', 'diversity_real_lpips_alex'
columns = [
    dict(key=_id, name='ID distance', precision=3, better='lower'),
    dict(key=_lpips, name='LPIPS', precision=3, better='higher'),
    dict(key=_real, name='LPIPS of real images', precision=3),
    dict(key='diversity_within_input_lpips_alex', name='LPIPS, within input', precision=3, better='higher'),
]
columns += [
    dict(key=f'{attribute}/{key}', name=f'{attribute}, {what}', precision=3)
    for attribute in _attributes
    for key, what in ((_id, 'ID'), (_lpips, 'LPIPS'), (_real, 'real LPIPS'))
]
