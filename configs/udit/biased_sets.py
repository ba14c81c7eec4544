# What the constraint and the pooling indices add, on each biased set (thesis section 5.6).
# mmgentransfer sweep configs/udit/biased_sets.py --variables set=morph_id_pi metrics=morph_gender more=morph_ethnicity
# makeup: metrics=gender more=gender. The extractor is trained first, see the set's config.
title = 'UDIT on {set}'
variables = dict(set='handbags_texture_d8_pi', metrics='handbags_color', more='handbags_texture')
prerequisites = [
    dict(config='configs/udit/metric_{metrics}.py', work_dir='work_dirs/udit/metric_{metrics}'),
    dict(config='configs/udit/metric_{more}.py', work_dir='work_dirs/udit/metric_{more}'),
]
base = dict(config='configs/udit/{set}.py', options={'randomness.seed': '{seed}'})
_munit = {'model.losses.semantic.loss_weight': 0}
_plain = {
    f'model.networks.{name}.type': kind
    for name, kind in dict(
        content_encoders='MUNITContentEncoder', style_encoders='MUNITStyleEncoder', decoders='MUNITDecoder'
    ).items()
}
rows = [
    dict(name='MUNIT', options={**_plain, **_munit}),
    dict(name='MUNIT with pooling indices', options=_munit),
    dict(name='UDIT', options=_plain),
    dict(name='UDIT with pooling indices'),
    *(dict(name=f'weight {w}', options={'model.losses.semantic.loss_weight': w}) for w in (1, 3, 30)),
]
seeds = [0, 1, 2]
