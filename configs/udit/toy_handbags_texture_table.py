# The bias, and what removes it, on rendered handbags: flat to striped with the colour kept.
# mmgentransfer sweep configs/udit/toy_handbags_texture_table.py --jobs 2
title = 'Handbags of 16x16, flat to striped (500 iterations)'
_run, _color, _net = 'work_dirs/udit', 'configs/udit/extractor_toy_color.py', 'model.networks.classifier.reduce_dim'
_texture = 'configs/udit/extractor_toy_texture.py'
# other images than the extractors', and noise, without which a translator's faint artefacts mislead a classifier
_other = {_net: None, 'randomness.seed': 5, 'train_dataloader.dataset.seed': 2, 'val_dataloader.dataset.seed': 2}
_other['train_dataloader.dataset.noise'] = 0.05
prerequisites = [
    dict(config=_color, work_dir=f'{_run}/metric_colour', options=_other),
    dict(config=_texture, work_dir=f'{_run}/metric_texture', options=_other),
    dict(config=_color, work_dir=f'{_run}/extractor_toy_color'),
    dict(config=_color, work_dir=f'{_run}/extractor_toy_color_d2', options={_net: 2}),
    dict(config=_color, work_dir=f'{_run}/extractor_toy_color_naive', options={_net: None}),
    dict(config=_texture, work_dir=f'{_run}/extractor_toy_texture'),
]
base = dict(config='configs/udit/toy_handbags_texture.py', options={'randomness.seed': '{seed}'})
_loss, _kept = 'model.losses.semantic', 'model.losses.semantic.extractor'
_munit = {f'{_loss}.loss_weight': 0}
_pool = dict(num_res=1, kernel=7, res_kernel=3, base_channels=16, multipliers=(1,))  # of 16 pixels one pooling
_pi = {
    'model.networks.content_encoders': dict(_delete_=True, type='PoolIndexContentEncoder', **_pool),
    'model.networks.style_encoders': dict(_delete_=True, type='PoolIndexStyleEncoder', base_channels=8),
    'model.networks.decoders': dict(_delete_=True, type='PoolIndexDecoder', mlp_channels=64, **_pool),
}
rows = [
    dict(name='MUNIT', options=_munit),
    dict(name='UDIT'),
    dict(name='UDIT, D = 2', options={
        f'{_kept}.reduce_dim': 2, f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_color_d2'}),
    dict(name='UDIT, no reduction', options={
        f'{_kept}.reduce_dim': None, f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_color_naive'}),
    dict(name='UDIT, weight 3', options={f'{_loss}.loss_weight': 3}),
    dict(name='UDIT, weight 10', options={f'{_loss}.loss_weight': 10}),
    dict(name='MUNIT with pooling indices', options={**_pi, **_munit}),
    dict(name='UDIT with pooling indices', options=_pi),
    dict(name='UDIT, wanted change kept', options={f'{_kept}.init_cfg.checkpoint': f'{_run}/extractor_toy_texture'}),
    dict(name='DRIT', config='configs/baselines/drit_toy_handbags.py'),
]  # fmt: skip
seeds = [0, 1, 2]
columns = [
    dict(key='misclassification_colour', name='misclassified', precision=2, better='lower'),
    dict(key='confidence_drop_colour', name='confidence drop', precision=2, better='lower'),
    dict(key='wanted_change_texture', name='wanted change', precision=2, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity', precision=3),
    dict(key='reconstruction_l1', name='reconstruction', precision=3, better='lower'),
]
