# TransferI2I between handwritten digits, without each of its parts, and CUT and CycleGAN to one digit from scratch.
# mmgentransfer sweep configs/transferi2i/toy_digits_32.py --jobs 2
title = 'Between the digits 5 to 9 at 32x32, 20 and 100 images of each'
_runs, _cyclegan = 'work_dirs/baselines/cyclegan_toy_digits32', 'configs/baselines/cyclegan_toy_digits32.py'
_numbers = (20, 100)
_domains = 'train_dataloader.dataset.domains'
_images = {n: {f'{_domains}.others.num_per_class': n, f'{_domains}.6.num_per_class': n} for n in _numbers}
prerequisites = [
    dict(config=f'configs/{name}.py', work_dir=f'work_dirs/{name}')
    for name in ('classifiers/digits_32', 'transferi2i/toy_source_digits-32x32')
]
prerequisites += [dict(config=_cyclegan, work_dir=f'{_runs}_{n}/seed{{seed}}', options=_images[n]) for n in _numbers]
_a, _b, _c = (
    dict(name='st_init', iters=500),
    dict(name='self_init', iters=200, reset_optimizers=True),
    dict(name='transfer', iters=200, reset_optimizers=True),
)
_networks = 'model.networks'
rows = []
for _name, _stages, _options in (
    ('full', [_a, _b, _c], {}),
    (
        'no pre-training',
        [_a, _b, _c],
        {f'{_networks}.{name}.init_cfg': None for name in ('generator', 'discriminator')},
    ),
    ('no self-initialisation', [_a, _c], {}),
    ('no auxiliary generator', [_a, _b, _c], {f'{_networks}.aux_generator': None}),
    ('L_rec of weight 10', [_a, _b, _c], {'model.losses.reconstruction.loss_weight': 10}),
    ('full, 20', [_a, _b, _c], {'train_dataloader.dataset.dataset.num_per_class': 20}),
):
    _iters = sum(stage['iters'] for stage in _stages)
    _schedule = {'model.stages': _stages, 'train_cfg.max_iters': _iters, 'train_cfg.val_interval': _iters}
    rows.append(dict(name=_name, options={**_schedule, **_options}))
base = dict(config='configs/transferi2i/toy_biggan_mnist-32x32.py')
for _n in reversed(_numbers):
    rows += [
        dict(name=f'CUT, {_n}', config='configs/baselines/cut_toy_digits32.py', options=_images[_n]),
        dict(
            name=f'CycleGAN, {_n}',
            config='configs/baselines/pairwise_cyclegan_toy_digits32.py',
            options={**_images[_n], 'model.pairs.0.checkpoint': f'{_runs}_{_n}/seed{{seed}}'},
        ),
    ]
seeds = [0, 1, 2]
_scores = (
    ('forward_classification_digits', 'RC', 1, 'higher'),
    ('fid_digits', 'FID', 1, 'lower'),
    ('kid_digits', 'KID', 1, 'lower'),
    ('slant_correlation', 'slant kept', 2, 'higher'),
)
columns = [
    dict(key=f'6/{key}', name=f'to 6: {name}', precision=digits, better=better) for key, name, digits, better in _scores
]
columns += [
    dict(key=key, name=f'to all: {name}', precision=digits, better=better) for key, name, digits, better in _scores
]
columns += [dict(key='reverse_classification', name='FC', precision=1, better='higher')]
