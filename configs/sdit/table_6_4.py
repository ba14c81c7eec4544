# Thesis table 6.4: artworks, SDIT without attention. StarGAN is SDIT without its code and its bottleneck.
# mmgentransfer sweep configs/sdit/table_6_4.py --jobs 1
title = 'Artworks, SDIT without attention (thesis table 6.4)'
base = dict(config='configs/sdit/artworks256_sdit_wo-att.py')
_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator')}
_stargan |= {'model.networks.discriminator.code_head': None, 'model.losses.generator_latent': None}
rows = [dict(name='StarGAN', options=_stargan), dict(name='SDIT')]
seeds = [0]
_accuracy, _lpips = 'reverse_classification', 'diversity_within_domain_lpips_alex'
columns = [
    dict(key=_accuracy, name='reverse classification', precision=1, better='higher'),
    dict(key='reverse_classification_real', name='of real images', precision=1),
    dict(key=_lpips, name='LPIPS', precision=3, better='higher'),
]
columns += [
    dict(key=f'{domain}/{key}', name=f'{domain}{what}', precision=precision)
    for domain in ('photo', 'cezanne', 'ukiyoe', 'monet')
    for key, what, precision in ((_accuracy, '', 1), (_lpips, ', LPIPS', 3))
]
