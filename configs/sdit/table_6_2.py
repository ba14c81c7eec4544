# Thesis table 6.2: ten attributes of CelebA. StarGAN is SDIT without its code, its bottleneck and its attention.
# mmgentransfer sweep configs/sdit/table_6_2.py --jobs 1
title = 'CelebA, ten attributes (thesis table 6.2)'
base = dict(config='configs/sdit/celeba128_sdit_10attr.py')
_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator', 'attention')}
_stargan |= {'model.networks.discriminator.code_head': None, 'model.losses.generator_latent': None}
rows = [dict(name='StarGAN', options=_stargan), dict(name='SDIT')]
seeds = [0]
_id, _lpips = 'id_distance_cosine_vggface', 'diversity_within_domain_lpips_alex'
columns = [
    dict(key=_id, name='ID distance', precision=3, better='lower'),
    dict(key=_lpips, name='LPIPS', precision=3, better='higher'),
]
_printed = ['Bangs', 'Young', 'Male', 'Smiling', 'Wearing_Hat', 'Pale_Skin', 'Brown_Hair', 'Blond_Hair']
_printed += ['Eyeglasses', 'Mouth_Slightly_Open']
columns += [
    dict(key=f'{attribute}/{key}', name=f'{attribute}{what}', precision=3)
    for attribute in _printed
    for key, what in ((_id, ', ID'), (_lpips, ', LPIPS'))
]
