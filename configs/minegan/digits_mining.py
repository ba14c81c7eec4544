# Mining alone, the generator untouched: digit 3 from a source that knows it (on-manifold), and digit 9 from one that
# doesn't (off-manifold), against the source as it is.
# mmgentransfer sweep configs/minegan/digits_mining.py --jobs 2
title = 'MineGAN without fine-tuning on the digits, 100 target images (300 iterations)'
_on, _off = 'work_dirs/transfergan/digits_source', 'work_dirs/transfergan/digits_source_no9'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(config='configs/transfergan/digits_source.py', work_dir=_on),
    dict(
        config='configs/transfergan/digits_source.py', work_dir=_off, options={'train_dataloader.dataset.exclude': [9]}
    ),
]
base = dict(
    config='configs/minegan/digits.py',
    options={
        'train_dataloader.dataset.seed': '{seed}',
        'model.stages': [dict(name='mine', iters=300, train=['miners', 'critic'])],
        'train_cfg.max_iters': 300,
    },
)
_digit_3 = {
    'train_dataloader.dataset.classes': [3],
    'val_dataloader.dataset.classes': [3],
    'val_evaluator.metrics.3.target': 3,
}
_unmined = 'configs/transfergan/digits.py'
_one_step = {'model.stages': None, 'train_cfg.max_iters': 1}
rows = [
    dict(
        name='on-manifold (3), source as it is',
        config=_unmined,
        at=0,
        options={
            **_digit_3,
            **_one_step,
            'model.networks.generator.init_cfg.checkpoint': _on,
            'model.networks.critic.init_cfg.checkpoint': _on,
        },
    ),
    dict(
        name='on-manifold (3), mined',
        options={
            **_digit_3,
            'model.networks.generators.0.init_cfg.checkpoint': _on,
            'model.networks.critic.init_cfg.checkpoint': _on,
        },
    ),
    dict(name='off-manifold (9), source as it is', config=_unmined, at=0, options=_one_step),
    dict(name='off-manifold (9), mined'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='class_share_digits', name='share of the wanted digit %', precision=1),
    dict(key='fid_digits', name='FID (digits)', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
    dict(key='nn_ratio', name='NN ratio', precision=2),
]
