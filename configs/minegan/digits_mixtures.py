# Two sources and a target that mixes digits of both, 0.3:0.7, 0.5:0.5 and 0.7:0.3: does p follow the mixture, and is
# mining from both better than TransferGAN from either?
# mmgentransfer sweep configs/minegan/digits_mixtures.py --jobs 2
title = 'Mixtures of 1s and 7s from a source of the digits 0 to 4 and one of 5 to 9, 200 images, 500 iterations'
_low, _high = 'work_dirs/transfergan/digits_source_0to4', 'work_dirs/transfergan/digits_source_5to9'
_classes = 'train_dataloader.dataset.classes'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(config='configs/transfergan/digits_source.py', work_dir=_low, options={_classes: [0, 1, 2, 3, 4]}),
    dict(config='configs/transfergan/digits_source.py', work_dir=_high, options={_classes: [5, 6, 7, 8, 9]}),
]
base = dict(config='configs/minegan/digits_two_sources.py')
_mining_alone = {'model.stages': [dict(name='mine', iters=500, train=['miners', 'critic'])]}
rows = []
for _ratio in (0.3, 0.5, 0.7):
    _name = f'{_ratio:.1f}:{1 - _ratio:.1f}'
    _target = {'train_dataloader.dataset.seed': '{seed}'}
    for _loader, _num in (('train', 200), ('val', 300)):
        _mixture = {'1': round(_num * _ratio), '7': round(_num * (1 - _ratio))}
        _options = dict(classes=None, num_images=None, train_per_class=200, mixture=_mixture)
        _target.update({f'{_loader}_dataloader.dataset.{key}': value for key, value in _options.items()})
    for _kind, _source in (('0 to 4', _low), ('5 to 9', _high)):
        _start = {f'model.networks.{network}.init_cfg.checkpoint': _source for network in ('generator', 'critic')}
        rows.append(
            dict(
                name=f'{_name}, TransferGAN from {_kind}',
                config='configs/transfergan/digits.py',
                options={
                    **_target,
                    **_start,
                    'train_cfg.max_iters': 500,
                    'val_evaluator.metrics.3.target': 1,
                },
            )
        )
    _target['val_evaluator.metrics.5.target'] = [_ratio, 1 - _ratio]
    rows += [
        dict(name=f'{_name}, MineGAN 300 + 200', options=_target),
        dict(name=f'{_name}, MineGAN (w/o FT) 500', options={**_target, **_mining_alone}),
    ]
seeds = [0, 1, 2]
columns = [
    dict(key='selector_p0', name='p of 0 to 4', precision=2),
    dict(key='class_share_digits', name='share of 1s %', precision=1),
    dict(key='fid_digits', name='FID (digits)', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
    dict(key='nn_ratio', name='NN ratio', precision=2),
]
