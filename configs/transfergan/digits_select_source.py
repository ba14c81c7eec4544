# Every source to every target: what the rankings of select-source are compared with (the form of thesis Table 2.4).
# mmgentransfer sweep configs/transfergan/digits_select_source.py --jobs 2
title = 'Which source: two targets of 100 images from three sources, FID on the features of a digit classifier'
_low, _high = 'work_dirs/transfergan/digits_source_0to4', 'work_dirs/transfergan/digits_source_5to8'
_shapes = 'work_dirs/transfergan/shapes_source'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir=_low,
        options={
            'train_dataloader.dataset.classes': [0, 1, 2, 3, 4],
            'val_dataloader.dataset.classes': [0, 1, 2, 3, 4],
            'train_cfg.max_iters': 1000,
        },
    ),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir=_high,
        options={
            'train_dataloader.dataset.classes': [5, 6, 7, 8],
            'val_dataloader.dataset.classes': [5, 6, 7, 8],
            'train_cfg.max_iters': 1000,
        },
    ),
    dict(config='configs/transfergan/shapes_source.py', work_dir=_shapes),
]
base = dict(
    config='configs/transfergan/digits.py',
    options={'train_dataloader.dataset.seed': '{seed}', 'train_cfg.max_iters': 300},
)
_init = 'model.networks.{}.init_cfg.checkpoint'
_from_low, _from_high, _from_shapes = (
    {_init.format(network): source for network in ('generator', 'critic')} for source in (_low, _high, _shapes)
)
_triangles = 'configs/transfergan/triangles.py'
rows = [
    dict(name='9 from the digits 0-4', options=_from_low),
    dict(name='9 from the digits 5-8', options=_from_high),
    dict(name='9 from discs and squares', options=_from_shapes),
    dict(name='triangles from the digits 0-4', config=_triangles, options=_from_low),
    dict(name='triangles from the digits 5-8', config=_triangles, options=_from_high),
    dict(name='triangles from discs and squares', config=_triangles, options=_from_shapes),
]
seeds = [0, 1, 2]
columns = [
    dict(key='fid_digits', at=0, name='FID (digits) at 0', precision=1),
    dict(key='fid_digits', at=100, name='at 100', precision=1),
    dict(key='fid_digits', name='at 300', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
]
