# The quickstart: a source GAN of digits is transferred to one digit from few images, four ways side by side.
title = 'From a GAN of digits to the digit {target} with {images} images'
variables = dict(target=9, images=100, exclude=[9], source='source_no9', home='work_dirs/quickstart')

_classifier = {f'{part}_evaluator.extractors.digits.checkpoint': '{home}/classifier' for part in ('val', 'test')}
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='{home}/classifier'),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir='{home}/{source}',
        options={**_classifier, 'train_dataloader.dataset.exclude': '{exclude}'},
    ),
]

_metrics = [
    dict(type='FID', extractor='digits'),
    dict(type='KMMD', extractor='digits'),
    dict(type='MeanVariance'),
    dict(type='ClassifierError', extractor='digits', target='{target}'),
    dict(type='NearestTrainingImage'),
]
base = dict(
    config='configs/transfergan/digits.py',
    options={
        **_classifier,
        **{f'{part}_evaluator.metrics': _metrics for part in ('val', 'test')},
        **{f'{part}_dataloader.dataset.classes': ['{target}'] for part in ('train', 'val', 'test')},
        'train_dataloader.dataset.num_images': '{images}',
        'train_dataloader.dataset.seed': '{seed}',
    },
)

_networks = ('model.networks.generator', 'model.networks.critic')
_minegan_networks = ('model.networks.generators.0', 'model.networks.critic')
_from_source = {f'{name}.init_cfg.checkpoint': '{home}/{source}' for name in _networks}
_minegan_from_source = {f'{name}.init_cfg.checkpoint': '{home}/{source}' for name in _minegan_networks}
_mining_only = {'model.stages': [dict(name='mine', iters=400, train=['miners', 'critic'])]}
rows = [
    dict(name='from scratch', options={f'{name}.init_cfg': None for name in _networks}),
    dict(name='TransferGAN', options=_from_source),
    dict(name='MineGAN (w/o FT)', config='configs/minegan/digits.py', options={**_minegan_from_source, **_mining_only}),
    dict(name='MineGAN', config='configs/minegan/digits.py', options=_minegan_from_source),
]
seeds = [0]
columns = [
    dict(key='fid_digits', name='FID (digits)', precision=1, better='lower'),
    dict(key='kmmd_digits', name='KMMD (digits)', precision=3, better='lower'),
    dict(key='mv', name='mean variance', precision=4),
    dict(key='classifier_error_digits', name='classifier error (%)', precision=1, better='lower'),
    dict(key='nn_ratio', name='nearest-image ratio', precision=3),
    dict(key='train_seconds', name='training (s)', precision=0),
]
