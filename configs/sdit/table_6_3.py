# Thesis table 6.3: four colours. StarGAN is SDIT without its code, its bottleneck and its attention, with its own batch
# of 16. The six CycleGANs and the six MUNITs are trained before, by configs/baselines/{cyclegan,munit}_colors_pairs.py.
# mmgentransfer sweep configs/sdit/table_6_3.py --jobs 1
title = 'Four colours (thesis table 6.3)'
base = dict(config='configs/sdit/color128_sdit.py')
_colors = ['yellow', 'blue', 'green', 'orange']
_pairs = [f'{a}_{b}' for i, a in enumerate(_colors) for b in _colors[i + 1 :]]


def _six(method: str) -> dict:
    runs = f'work_dirs/baselines/{method}_colors_pairs'
    return {f'model.pairs.{i}.checkpoint': f'{runs}/{pair}/seed{{seed}}' for i, pair in enumerate(_pairs)}


_stargan = {f'model.networks.generator.{part}': None for part in ('mapping', 'translator', 'attention')}
_stargan |= {'model.networks.discriminator.code_head': None, 'model.losses.generator_latent': None}
_stargan |= {'train_dataloader.batch_size': 80}
_cyclegan, _munit = (f'configs/baselines/pairwise_{method}_colors_128.py' for method in ('cyclegan', 'munit'))
rows = [
    dict(name='cyclegan_color128', config=_cyclegan, options=_six('cyclegan')),
    dict(name='icgan_color128', config='configs/baselines/icgan_colors_64.py'),
    dict(name='stargan_color128', options=_stargan),
    dict(name='munit_color128', config=_munit, options=_six('munit')),
    dict(name='color128_sdit'),
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
    for name in _colors
    for key, what, precision in _each
]
