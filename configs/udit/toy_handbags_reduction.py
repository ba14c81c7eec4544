# Whether a constraint without reduction costs diversity, at sides where it could: flat to striped, the colour kept.
# mmgentransfer sweep configs/udit/toy_handbags_reduction.py --jobs 2
title = 'Handbags of 32x32 and 64x64, flat to striped (500 iterations)'
_run, _color, _texture = (
    'work_dirs/udit',
    'configs/udit/extractor_toy_color.py',
    'configs/udit/extractor_toy_texture.py',
)
_classifier, _networks, _dim = 'model.networks.classifier', 'model.networks', 'model.networks.classifier.reduce_dim'
_kept = 'model.losses.semantic.extractor'
_sides = (32, 64)
prerequisites = []
rows = []
for _side in _sides:
    _images = {f'{_loader}_dataloader.dataset.image_size': _side for _loader in ('train', 'val')}
    _at = {**_images, f'{_classifier}.image_size': _side}
    # other images than the extractors', and noise, without which a translator's faint artefacts mislead a classifier
    _seeds = {'randomness.seed': 5, 'train_dataloader.dataset.seed': 2, 'val_dataloader.dataset.seed': 2}
    _judge = {**_at, **_seeds, _dim: None, 'train_dataloader.dataset.noise': 0.05}
    prerequisites += [
        dict(config=_color, work_dir=f'{_run}/metric_colour_{_side}', options=_judge),
        dict(config=_texture, work_dir=f'{_run}/metric_texture_{_side}', options=_judge),
        dict(config=_color, work_dir=f'{_run}/extractor_toy_color_{_side}', options=_at),
        dict(config=_color, work_dir=f'{_run}/extractor_toy_color_naive_{_side}', options={**_at, _dim: None}),
    ]
    _levels = {32: 1, 64: 2}[_side]  # more than at 16x16
    _common = {
        **{
            f'{_loader}_dataloader.dataset.domains.{_name}.image_size': _side
            for _loader in ('train', 'val')
            for _name in ('flat', 'textured')
        },
        **{
            f'val_evaluator.extractors.{_name}.{_key}': _value
            for _name in ('colour', 'texture')
            for _key, _value in (
                ('classifier.image_size', _side),
                ('checkpoint', f'{_run}/metric_{_name}_{_side}'),
            )
        },
        f'{_networks}.content_encoders.num_downs': 1 + _levels,
        f'{_networks}.style_encoders.num_downs': 2 + _levels,
        f'{_networks}.decoders.num_ups': 1 + _levels,
        f'{_networks}.discriminators.num_layers': 2 + _levels,
        f'{_kept}.image_size': _side,
    }
    _reduced = {f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_color_{_side}'}
    _naive = {f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_color_naive_{_side}', f'{_kept}.reduce_dim': None}
    _variants = {
        'MUNIT': {**_reduced, 'model.losses.semantic.loss_weight': 0},
        'UDIT, D = 8': _reduced,
        'UDIT, no reduction': _naive,
        'UDIT, D = 8, weight 10': {**_reduced, 'model.losses.semantic.loss_weight': 10},
        'UDIT, no reduction, weight 10': {**_naive, 'model.losses.semantic.loss_weight': 10},
    }
    rows += [dict(name=f'{_name}, {_side}', options={**_common, **_options}) for _name, _options in _variants.items()]
base = dict(config='configs/udit/toy_handbags_texture.py', options={'randomness.seed': '{seed}'})
seeds = [0, 1, 2]
columns = [
    dict(key='misclassification_colour', name='misclassified', precision=2, better='lower'),
    dict(key='wanted_change_texture', name='wanted change', precision=2, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity', precision=3, better='higher'),
    dict(key='reconstruction_l1', name='reconstruction', precision=3, better='lower'),
]
