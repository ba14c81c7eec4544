# The layer itself, or reduced to 16 channels: Cityscapes to Synthia (thesis section 5.6.6).
# mmgentransfer sweep configs/udit/cityscapes2synthia.py
title = 'Cityscapes to Synthia, the time of day kept'
_dim = 'model.networks.classifier.reduce_dim'
prerequisites = [
    dict(config='configs/udit/metric_daytime.py', work_dir='work_dirs/udit/metric_daytime'),
    dict(config='configs/udit/extractor_daytime.py', work_dir='work_dirs/udit/extractor_daytime'),
    dict(
        config='configs/udit/extractor_daytime.py',
        work_dir='work_dirs/udit/extractor_daytime_naive',
        options={_dim: None},
    ),
]
base = dict(config='configs/udit/cityscapes2synthia_d16_pi.py', options={'randomness.seed': '{seed}'})
_kept = 'model.losses.semantic.extractor'
_naive = {f'{_kept}.reduce_dim': None}
_naive[f'{_kept}.init_cfg.checkpoint'] = 'work_dirs/udit/extractor_daytime_naive/best'
rows = [
    dict(name='MUNIT', options={'model.losses.semantic.loss_weight': 0}),
    dict(name='UDIT, no reduction', options=_naive),
    dict(name='UDIT, D = 16'),
]
seeds = [0, 1, 2]
