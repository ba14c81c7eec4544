# How wide the reduction may be, on rendered handbags: black to red with the texture kept.
# mmgentransfer sweep configs/udit/toy_handbags_color_dims.py --jobs 2
title = 'Handbags of 16x16, black to red'
_run, _texture, _net = 'work_dirs/udit', 'configs/udit/extractor_toy_texture.py', 'model.networks.classifier.reduce_dim'
_dims = [2, 4, 8, 16]
# other images than the extractors', and noise, without which a translator's faint artefacts mislead a classifier
_other = {_net: None, 'randomness.seed': 5, 'train_dataloader.dataset.seed': 2, 'val_dataloader.dataset.seed': 2}
_noisy = {**_other, 'train_dataloader.dataset.noise': 0.05}
prerequisites = [
    dict(config='configs/udit/extractor_toy_color.py', work_dir=f'{_run}/metric_colour', options=_noisy),
    dict(config=_texture, work_dir=f'{_run}/metric_texture', options=_noisy),
    dict(config=_texture, work_dir=f'{_run}/metric_texture_clean', options=_other),
    *(dict(config=_texture, work_dir=f'{_run}/extractor_toy_texture_d{d}', options={_net: d}) for d in _dims),
]
base = dict(config='configs/udit/toy_handbags_color.py', options={'randomness.seed': '{seed}'})
_kept = 'model.losses.semantic.extractor'
rows = [dict(name='MUNIT', options={'model.losses.semantic.loss_weight': 0})]
for _d in _dims:
    _options = {f'{_kept}.reduce_dim': _d, f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_texture_d{_d}'}
    rows.append(dict(name=f'D = {_d}', options=_options))
_longer = dict.fromkeys(['train_cfg.max_iters', 'train_cfg.val_interval'], 1000)  # 500 in the rows above
rows += [dict(name=f'{row["name"]}, twice as long', options={**row['options'], **_longer}) for row in list(rows)]
seeds = [0, 1, 2]
columns = [
    dict(key='misclassification_texture', name='misclassified', precision=2, better='lower'),
    dict(key='misclassification_texture_clean', name='by a judge of clean images', precision=2, better='lower'),
    dict(key='wanted_change_colour', name='wanted change', precision=2, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity', precision=3),
]
