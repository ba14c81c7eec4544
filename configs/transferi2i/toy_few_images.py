# TransferI2I, without each of its parts, and CUT and CycleGAN from scratch, with 20 and with 100 images of each class.
# mmgentransfer sweep configs/transferi2i/toy_few_images.py --jobs 2
title = 'Red discs to blue squares at 16x16, 20 and 100 images of each'
_runs, _cyclegan = 'work_dirs/baselines/cyclegan_toy_shapes16', 'configs/baselines/cyclegan_toy_shapes16.py'
_numbers, _counts = (20, 100), {n: {'red disc': n, 'blue square': n} for n in (20, 100, 500)}
_shapes = dict(config='configs/classifiers/shapes_16.py', work_dir='work_dirs/classifiers/shapes_16')
prerequisites = [
    _shapes,
    dict(
        config='configs/transferi2i/toy_source_shapes-16x16.py',
        work_dir='work_dirs/transferi2i/toy_source_shapes-16x16',
    ),
]
prerequisites += [
    dict(
        config=_cyclegan,
        work_dir=f'{_runs}_{n}/seed{{seed}}',
        options={'train_dataloader.dataset.dataset.counts': _counts[n]},
    )
    for n in _numbers
]
_set = dict(type='ToyObjects', image_size=16, num_images=20, background_range=(0.05, 0.15), noise=0.05)
_set |= dict(size=(0.35, 0.55), position=(0.1, 0.9))
_classifier = dict(type='DigitClassifier', image_size=16, in_channels=3, width=8)
_forward = dict(
    type='ForwardClassification',
    classifier=_classifier,
    lr=1e-3,
    iters=300,
    max_per_class=20,  # so that its accuracy is the same in every row
    others=[dict(_set, shapes=['disc'], colours=['blue']), dict(_set, shapes=['square'], colours=['red'])],
)
_features = dict(
    type='ClassifierFeatures',
    classifier=dict(_classifier, num_classes=5),
    checkpoint=_shapes['work_dir'],
    hint='train it with: python tools/train.py configs/classifiers/shapes_16.py',
)
_of_shapes = [
    dict(type='ForwardClassification', extractor='shapes'),
    dict(type='FID', extractor='shapes'),
    dict(type='KID', extractor='shapes', subset_size=100),
]
base = dict(
    config='configs/transferi2i/toy_biggan_shapes-16x16.py',
    options={
        'val_dataloader.dataset.counts': _counts[500],
        'val_evaluator': dict(
            _delete_=True,
            type='DomainTranslationEvaluator',
            extractors=dict(shapes=_features),
            metrics=[dict(type='CentroidError'), _forward, *_of_shapes],
        ),
    },
)
_networks, _iters = 'model.networks', ('train_cfg.max_iters', 'train_cfg.val_interval')
_a, _c = dict(name='st_init', iters=600), dict(name='transfer', iters=150, reset_optimizers=True)
_parts = {
    'TransferI2I': {},
    'no pre-training': {f'{_networks}.{name}.init_cfg': None for name in ('generator', 'discriminator')},
    'no self-initialisation': {'model.stages': [_a, _c], **dict.fromkeys(_iters, 750)},
    'no auxiliary generator': {f'{_networks}.aux_generator': None},
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
    dict(key='forward_classification_shapes', name='target shape, %', precision=1, better='higher'),
    dict(key='forward_classification', name='RC', precision=1, better='higher'),
    dict(key='centroid_error', name='centroid error, pixels', precision=2, better='lower'),
    dict(key='fid_shapes', name='FID (shapes)', precision=2, better='lower'),
    dict(key='kid_shapes', name='KID (shapes)', precision=2, better='lower'),
]
