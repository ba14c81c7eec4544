# TransferI2I, without each of its parts, and CUT and CycleGAN from scratch, with 20 and with 100 images of each class.
# mmgentransfer sweep configs/transferi2i/toy_few_images.py --jobs 2
title = 'Red discs to blue squares at 16x16, 20 and 100 images of each'
_runs, _cyclegan = 'work_dirs/baselines/cyclegan_toy_shapes16', 'configs/baselines/cyclegan_toy_shapes16.py'
_numbers = (20, 100)
_counts = {n: {'red disc': n, 'blue square': n} for n in _numbers}
prerequisites = [
    dict(config=f'configs/{folder}/{name}.py', work_dir=f'work_dirs/{folder}/{name}')
    for folder, name in [
        ('classifiers', 'shapes_16'),
        ('classifiers', 'colours_16'),
        ('transferi2i', 'toy_source_shapes-16x16'),
    ]
]
prerequisites += [
    dict(
        config=_cyclegan,
        work_dir=f'{_runs}_{n}/seed{{seed}}',
        options={'train_dataloader.dataset.dataset.counts': _counts[n]},
    )
    for n in _numbers
]
base = dict(config='configs/transferi2i/toy_biggan_shapes-16x16.py')
_networks, _iters = 'model.networks', ('train_cfg.max_iters', 'train_cfg.val_interval')
_a, _c = dict(name='st_init', iters=600), dict(name='transfer', iters=150, reset_optimizers=True)
_parts = {
    'TransferI2I': {},
    'no pre-training': {f'{_networks}.{name}.init_cfg': None for name in ('generator', 'discriminator')},
    'no self-initialisation': {'model.stages': [_a, _c], **dict.fromkeys(_iters, 750)},
    'no auxiliary generator': {f'{_networks}.aux_generator': None},
    'L_rec of weight 10': {'model.losses.reconstruction.loss_weight': 10},
    # as many iterations of translation as CUT and CycleGAN have
    'longer transfer': {
        'model.stages': [_a, dict(name='self_init', iters=200, reset_optimizers=True), {**_c, 'iters': 950}],
        **dict.fromkeys(_iters, 1750),
    },
}
rows = []
for _n in _numbers:
    _images = {'train_dataloader.dataset.dataset.counts': _counts[_n]}
    rows += [dict(name=f'{_name}, {_n}', options={**_images, **_options}) for _name, _options in _parts.items()]
    rows += [
        dict(name=f'CUT, {_n}', config='configs/baselines/cut_toy_shapes16.py', options=_images),
        dict(
            name=f'CycleGAN, {_n}',
            config='configs/baselines/pairwise_cyclegan_toy_shapes16.py',
            options={**_images, 'model.pairs.0.checkpoint': f'{_runs}_{_n}/seed{{seed}}'},
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
