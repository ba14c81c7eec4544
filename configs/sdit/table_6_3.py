# Thesis table 6.3: four colours. StarGAN is SDIT without its code, its bottleneck and its attention.
# mmgentransfer sweep configs/sdit/table_6_3.py --jobs 1
title = 'Four colours (thesis table 6.3)'
base = dict(config='configs/sdit/color128_sdit.py')
_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator', 'attention')}
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
    for domain in ('yellow', 'blue', 'green', 'orange')
    for key, what, precision in ((_accuracy, '', 1), (_lpips, ', LPIPS', 3))
]
