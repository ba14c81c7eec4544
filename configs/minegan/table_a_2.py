# Thesis Table A.2: mining alone on MNIST, from unconditional and conditional GANs that know the digit (on-manifold) or
# don't (off-manifold). The conditional sources without a digit have nine classes: larger digits shift down by one.
title = 'MineGAN (w/o FT) on MNIST, |z| = 128 (thesis Table A.2)'
_sources = {_kind: f'work_dirs/minegan/source_mnist_{_kind}' for _kind in ('uncond', 'onehot')}
_nine_classes = {f'model.networks.{_network}.num_classes': 9 for _network in ('generator', 'critic')}
prerequisites = [dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28')]
rows = []
for _kind in _sources:
    prerequisites.append(dict(config=f'configs/minegan/source_mnist_{_kind}.py', work_dir=_sources[_kind]))
    for _where in ('on', 'off'):
        for _digit in range(10):
            _known = [str(_other) for _other in range(10) if _other != _digit]
            _checkpoint = _sources[_kind] if _where == 'on' else f'{_sources[_kind]}_no{_digit}'
            _networks = 'model.networks.generators.0' if _kind == 'uncond' else 'model.networks.generators.generator'
            _iters = 100000 if (_kind, _where) == ('onehot', 'off') else 10000  # as in the authors' code
            _options = {
                'train_dataloader.dataset.data_root': f'data/mnist/train/{_digit}',
                'val_dataloader.dataset.data_root': f'data/mnist/test/{_digit}',
                'val_evaluator.metrics.2.target': _digit,
                'model.stages': [dict(name='mine', iters=_iters, train=['miners', 'critic'])],
                'train_cfg.max_iters': _iters,
                f'{_networks}.init_cfg.checkpoint': _checkpoint,
            }
            if _kind == 'uncond':
                _options['model.networks.critic.init_cfg.checkpoint'] = _checkpoint
            elif _where == 'off':
                _options[f'{_networks}.num_classes'] = 9
                _options['model.networks.miners'] = [dict(type='MLPMiner', dims=[128, 128, 128])] * 9
            if _where == 'off':
                _loaders = {f'{_part}_dataloader.dataset.class_order': _known for _part in ('train', 'val')}
                _source = dict(config=f'configs/minegan/source_mnist_{_kind}.py', work_dir=_checkpoint)
                _source['options'] = {**_loaders, **(_nine_classes if _kind == 'onehot' else {})}
                prerequisites.append(_source)
            _row = dict(name=f'mnist_{_kind}_{_where}_z128, digit {_digit}', options=_options)
            rows.append(dict(_row, config=f'configs/minegan/mnist_{_kind}.py'))
means = [
    dict(
        name=f'mnist_{_kind}_{_where}_z128, average',
        rows=[f'mnist_{_kind}_{_where}_z128, digit {_digit}' for _digit in range(10)],
    )
    for _kind in _sources
    for _where in ('on', 'off')
]
seeds = [0]
columns = [
    dict(key='fid_inception', name='FID', precision=1),
    dict(key='classifier_error_digits', name='class. error %', precision=1),
    dict(key='fid_digits', name='FID (digits)', precision=1),
]
