# Thesis Figs. 3.3 and A.2: mining alone on MNIST, off-manifold, |z| = 16. Grids of samples are in the rows' folders.
title = 'MineGAN (w/o FT) on MNIST, off-manifold, |z| = 16 (thesis Figs. 3.3 and A.2)'
_source = 'work_dirs/minegan/source_mnist_uncond_z16'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    *(
        dict(
            config='configs/minegan/source_mnist_uncond.py',
            work_dir=f'{_source}_no{_digit}',
            options={
                'model.networks.generator.noise_size': 16,
                'train_dataloader.dataset.class_order': [str(_other) for _other in range(10) if _other != _digit],
                'val_dataloader.dataset.class_order': [str(_other) for _other in range(10) if _other != _digit],
            },
        )
        for _digit in range(10)
    ),
]
base = dict(
    config='configs/minegan/mnist_uncond.py',
    options={
        'model.networks.generators.0.noise_size': 16,
        'model.networks.miners.0.dims': [16, 16, 16],
        'model.stages': [dict(name='mine', iters=10000, train=['miners', 'critic'])],
        'train_cfg.max_iters': 10000,
        'default_hooks.sample_grid.num_images': 20,
    },
)
rows = [
    dict(
        name=f'mnist_uncond_off_z16, digit {_digit}',
        options={
            'train_dataloader.dataset.data_root': f'data/mnist/train/{_digit}',
            'val_dataloader.dataset.data_root': f'data/mnist/test/{_digit}',
            'val_evaluator.metrics.2.target': _digit,
            'model.networks.generators.0.init_cfg.checkpoint': f'{_source}_no{_digit}',
            'model.networks.critic.init_cfg.checkpoint': f'{_source}_no{_digit}',
        },
    )
    for _digit in range(10)
]
seeds = [0]
columns = [
    dict(key='fid_inception', name='FID', precision=1),
    dict(key='classifier_error_digits', name='class. error %', precision=1),
]
