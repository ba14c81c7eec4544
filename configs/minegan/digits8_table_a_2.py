# The form of thesis Table A.2 on 8x8 digits: each digit mined from sources with it (on-manifold) and without it (off),
# unconditional and one-hot. FID and classifier error against the 400 images of the digit that no run trains on.
# mmgentransfer sweep configs/minegan/digits8_table_a_2.py --jobs 2
title = 'Mining each digit from 100 images at 8x8 (800 iterations), on- and off-manifold, unconditional and one-hot'
_uncond, _onehot = 'work_dirs/transfergan/digits8_source', 'work_dirs/transfergan/digits8_source_onehot'
prerequisites = [dict(config='configs/classifiers/digits_8.py', work_dir='work_dirs/classifiers/digits_8')]
for _left_out in (None, *range(10)):
    _suffix = '' if _left_out is None else f'_no{_left_out}'
    _data = {} if _left_out is None else {'train_dataloader.dataset.exclude': _left_out}
    _classes = 10 if _left_out is None else 9
    prerequisites += [
        dict(config='configs/transfergan/digits8_source.py', work_dir=_uncond + _suffix, options=_data),
        dict(
            config='configs/transfergan/digits8_source_onehot.py',
            work_dir=_onehot + _suffix,
            options={
                **_data,
                'model.networks.generator.num_classes': _classes,
                'model.networks.critic.num_classes': _classes,
            },
        ),
    ]
base = dict(config='configs/minegan/digits8_uncond.py', options={'train_dataloader.dataset.seed': '{seed}'})
rows = []
_kinds = ('on, uncond.', 'on, one-hot', 'off, uncond.', 'off, one-hot')
for _kind in _kinds:
    for _digit in range(10):
        _suffix = f'_no{_digit}' if _kind.startswith('off') else ''
        _options = {
            'train_dataloader.dataset.classes': [_digit],
            'val_dataloader.dataset.classes': [_digit],
            'val_evaluator.metrics.2.target': _digit,
            'model.networks.critic.init_cfg.checkpoint': _uncond + _suffix,
        }
        if _kind.endswith('one-hot'):
            _options['model.networks.generators.generator.init_cfg.checkpoint'] = _onehot + _suffix
            if _suffix:
                _options['model.networks.generators.generator.num_classes'] = 9
                _options['model.networks.miners'] = [dict(type='MLPMiner', dims=[8, 8, 8])] * 9
        else:
            _options['model.networks.generators.0.init_cfg.checkpoint'] = _uncond + _suffix
        _config = 'configs/minegan/digits8_onehot.py' if _kind.endswith('one-hot') else None
        rows.append(
            dict(name=f'{_digit}, {_kind}', options=_options, **(dict(config=_config) if _config else {})),
        )
means = [dict(name=f'average, {_kind}', rows=[f'{_digit}, {_kind}' for _digit in range(10)]) for _kind in _kinds]
seeds = [0, 1, 2]
columns = [
    dict(key='fid_digits', name='FID (digits)', precision=1),
    dict(key='classifier_error_digits', name='classifier error %', precision=1),
    dict(key='mv_ratio', name='MV ratio', precision=2),
]
