# Sources of two digits each, and a target that mixes digits of two of them, 0.3:0.7, 0.5:0.5 and 0.7:0.3: does p follow
# the mixture, and is mining from several better than TransferGAN from any one? (The shape of thesis Table 3.1.)
# mmgentransfer sweep configs/minegan/digits_mixtures.py --jobs 2
title = 'Mixtures of 1s and 7s from GANs of two digits each, 200 images, 400 iterations'
_names = ('0and1', '2and3', '4and5', '6and7')
_sources = {_name: f'work_dirs/transfergan/digits_source_{_name}' for _name in _names}
_classes = 'train_dataloader.dataset.classes'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    *(
        dict(
            config='configs/transfergan/digits_source.py',
            work_dir=_sources[_name],
            options={
                _classes: [int(_name[0]), int(_name[-1])],
                'val_dataloader.dataset.classes': [int(_name[0]), int(_name[-1])],
                'train_cfg.max_iters': 1000,
            },
        )
        for _name in _names
    ),
]
base = dict(config='configs/minegan/digits_two_sources.py')
_gentle_end = [  # as the fine-tuning of digits_two_sources.py
    dict(name='adapt', iters=250),
    dict(name='settle', iters=150, lr=dict(critic=1e-4, generator=1e-4)),
]
_metrics = [
    dict(type='FID', extractor='digits'),
    dict(type='KMMD', extractor='digits'),
    dict(type='MeanVariance'),
    dict(type='ClassShares', extractor='digits', classes=[1, 7]),
]
rows = []
for _ratio in (0.3, 0.5, 0.7):
    _name = f'{_ratio:.1f}:{1 - _ratio:.1f}'
    _target = {'train_dataloader.dataset.seed': '{seed}'}
    for _loader, _num in (('train', 200), ('val', 300)):
        _mixture = {'1': round(_num * _ratio), '7': round(_num * (1 - _ratio))}
        _options = dict(classes=None, num_images=None, train_per_class=200, mixture=_mixture)
        _target.update({f'{_loader}_dataloader.dataset.{key}': value for key, value in _options.items()})
    # the sources that know a part of the target, and in the middle also those that know nothing of it
    for _source in _names if _ratio == 0.5 else (_names[0], _names[-1]):
        _start = {
            f'model.networks.{network}.init_cfg.checkpoint': _sources[_source] for network in ('generator', 'critic')
        }
        rows.append(
            dict(
                name=f'{_name}, TransferGAN from {_source}',
                config='configs/transfergan/digits.py',
                options={
                    **_target,
                    **_start,
                    'model.stages': _gentle_end,
                    'train_cfg.val_interval': 50,
                    'val_evaluator.metrics': _metrics,
                },
            )
        )
    _p = {'val_evaluator.metrics.5.target': [_ratio, 1 - _ratio]}
    rows.append(dict(name=f'{_name}, MineGAN from two', options={**_target, **_p}))
    _p = {'val_evaluator.metrics.5.target': [_ratio, 0.0, 0.0, 1 - _ratio]}
    rows.append(
        dict(
            name=f'{_name}, MineGAN from four',
            config='configs/minegan/digits_four_sources.py',
            options={**_target, **_p},
        )
    )
# 20 images instead of 200, in the middle, where fine-tuning alone begins to memorise
_few = {'train_dataloader.dataset.mixture': {'1': 10, '7': 10}}
for _kind in ('TransferGAN from 0and1', 'TransferGAN from 6and7', 'MineGAN from two'):
    _row = next(row for row in rows if row['name'] == f'0.5:0.5, {_kind}')
    rows.append({**_row, 'name': f'0.5:0.5, {_kind}, 20 images', 'options': {**_row['options'], **_few}})
# twice the iterations, in the middle, for the better source and for mining from two
_twice = {'train_cfg.max_iters': 800, 'train_cfg.val_interval': 250}
for _kind in ('TransferGAN from 6and7', 'MineGAN from two'):
    _row = next(row for row in rows if row['name'] == f'0.5:0.5, {_kind}')
    _stages = [
        dict(name='mine', iters=500, train=['miners', 'critic']) if 'Mine' in _kind else dict(name='adapt', iters=500),
        dict(name='settle', iters=300, lr=dict(critic=1e-4, generator=1e-4)),
    ]
    rows.append(
        {
            **_row,
            'name': f'0.5:0.5, {_kind}, 800 iterations',
            'options': {**_row['options'], **_twice, 'model.stages': _stages},
        }
    )
seeds = [0, 1, 2]
columns = [
    dict(key='selector_p0', name='p of 0and1', precision=2),
    dict(key='selector_l1', name='error of p', precision=2),
    dict(key='share_1_digits', name='share of 1s %', precision=1),
    dict(key='share_7_digits', name='of 7s %', precision=1),
    dict(key='fid_digits', at=250, name='FID at 250 (mined)', precision=1),
    dict(key='fid_digits', name='FID at the end', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
]
