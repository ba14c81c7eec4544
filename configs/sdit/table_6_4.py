# Thesis table 6.4: artworks, SDIT without attention. StarGAN is SDIT without its code and its bottleneck, with its own
# batch of 16. The six CycleGANs and the six MUNITs are trained before, by
# configs/baselines/{cyclegan,munit}_artworks_pairs.py.
# mmgentransfer sweep configs/sdit/table_6_4.py --jobs 1
title = 'Artworks, SDIT without attention (thesis table 6.4)'
base = dict(config='configs/sdit/artworks256_sdit_wo-att.py')
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
_pairs = [f'{a}_{b}' for i, a in enumerate(_domains) for b in _domains[i + 1 :]]


def _six(method: str) -> dict:
    runs = f'work_dirs/baselines/{method}_artworks_pairs'
    return {f'model.pairs.{i}.checkpoint': f'{runs}/{pair}/seed{{seed}}' for i, pair in enumerate(_pairs)}


def _icgan() -> dict:
    options = {'model.domains': _domains}
    for part, folder in (('train', 'train'), ('val', 'test')):
        dataset = dict(data_root=f'data/artworks/{folder}', image_size=256, class_order=_domains)
        options |= {f'{part}_dataloader.dataset.{key}': value for key, value in dataset.items()}
    return options


_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator')}
_stargan |= {'model.networks.discriminator.code_head': None, 'model.losses.generator_latent': None}
_stargan |= {'train_dataloader.batch_size': 80}
_cyclegan, _munit = (f'configs/baselines/pairwise_{method}_artworks_256.py' for method in ('cyclegan', 'munit'))
rows = [
    dict(name='cyclegan_artworks256', config=_cyclegan, options=_six('cyclegan')),
    dict(name='icgan_artworks256', config='configs/baselines/icgan_colors_64.py', options=_icgan()),
    dict(name='stargan_artworks256', options=_stargan),
    dict(name='munit_artworks256', config=_munit, options=_six('munit')),
    dict(name='artworks256_sdit_wo-att'),
]
seeds = [0]
_accuracy, _lpips, _real = 'reverse_classification', 'diversity_within_domain_lpips_alex', 'diversity_real_lpips_alex'
columns = [
    dict(key=_accuracy, name='reverse classification', precision=1, better='higher'),
    dict(key=f'{_accuracy}_real', name='of real images', precision=1),
    dict(key=_lpips, name='LPIPS', precision=3, better='higher'),
    dict(key=_real, name='LPIPS of real images', precision=3),
    dict(key='diversity_within_input_lpips_alex', name='LPIPS, within input', precision=3, better='higher'),
]
_each = [(_accuracy, '', 1), (f'{_accuracy}_real', ', real', 1), (_lpips, ', LPIPS', 3), (_real, ', real LPIPS', 3)]
columns += [
    dict(key=f'{name}/{key}', name=f'{name}{what}', precision=precision)
    for name in _domains
    for key, what, precision in _each
]
