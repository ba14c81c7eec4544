# TransferI2I at 32x32 from a BigGAN and from StyleGANs, without each of its parts, and CUT and CycleGAN from scratch.
# mmgentransfer sweep configs/transferi2i/toy_shapes_32.py --jobs 2
title = 'Red discs to blue squares at 32x32, 20 and 100 images of each'
_runs, _cyclegan = 'work_dirs/baselines/cyclegan_toy_disc2square', 'configs/baselines/cyclegan_toy_disc2square.py'
_numbers = (20, 100)
_images = {n: {'train_dataloader.dataset.dataset.counts': {'red disc': n, 'blue square': n}} for n in _numbers}
prerequisites = [
    dict(config=f'configs/{name}.py', work_dir=f'work_dirs/{name}')
    for name in (
        'classifiers/shapes_32',
        'classifiers/colours_32',
        'transferi2i/toy_source_shapes-32x32',
        'transferi2i/toy_source_stylegan-32x32',
    )
]
prerequisites += [dict(config=_cyclegan, work_dir=f'{_runs}_{n}/seed{{seed}}', options=_images[n]) for n in _numbers]
_a, _b, _c = (
    dict(name='st_init', iters=500),
    dict(name='self_init', iters=200, reset_optimizers=True),
    dict(name='transfer', iters=200, reset_optimizers=True),
)
_toys = {
    'BigGAN': ('configs/transferi2i/toy_biggan_shapes-32x32.py', ('generator', 'discriminator')),
    'StyleGAN': (
        'configs/transferi2i/toy_stylegan_disc2square-32x32.py',
        ('generator', 'discriminator', 'source_generator', 'source_discriminator'),
    ),
}
_iterations = ('train_cfg.max_iters', 'train_cfg.val_interval')
rows = []
for _toy, (_config, _gans) in _toys.items():
    for _name, _stages, _options in (
        ('full', [_a, _b, _c], {}),
        ('no pre-training', [_a, _b, _c], {f'model.networks.{name}.init_cfg': None for name in _gans}),
        ('no self-initialisation', [_a, _c], {}),
        ('no auxiliary generator', [_a, _b, _c], {'model.networks.aux_generator': None}),
        ('full, 20', [_a, _b, _c], _images[20]),
    ):
        _iters = sum(stage['iters'] for stage in _stages)
        _schedule = {'model.stages': _stages, **dict.fromkeys(_iterations, _iters)}
        rows.append(dict(name=f'{_toy}, {_name}', config=_config, options={**_schedule, **_options}))
_longer = {'model.stages': [_a, _b, {**_c, 'iters': 1200}], **dict.fromkeys(_iterations, 1900)}
rows.append(dict(name='StyleGAN, longer transfer', config=_toys['StyleGAN'][0], options=_longer))
for _n in reversed(_numbers):
    rows += [
        dict(name=f'CUT, {_n}', config='configs/baselines/cut_toy_disc2square.py', options=_images[_n]),
        dict(
            name=f'CycleGAN, {_n}',
            config='configs/baselines/pairwise_cyclegan_toy_disc2square.py',
            options={**_images[_n], 'model.pairs.0.checkpoint': f'{_runs}_{_n}/seed{{seed}}'},
        ),
    ]
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification_shapes', name='square, %', precision=1, better='higher'),
    dict(key='forward_classification_colours', name='blue, %', precision=1, better='higher'),
    dict(key='centroid_error', name='centroid error, pixels', precision=2, better='lower'),
    dict(key='fid_shapes', name='FID (shapes)', precision=2, better='lower'),
    dict(key='kid_shapes', name='KID (shapes)', precision=2, better='lower'),
]
