# DRIT on a biased set of UDIT's experiments, with the scores that configs/udit/biased_sets.py has: what is kept by
# mistake or lost (misclassification, confidence drop), and for the handbags whether the wanted change is made.
# mmgentransfer sweep configs/baselines/drit_biased_sets.py --variables set=makeup metrics=gender more=gender
# morph: metrics=morph_gender more=morph_ethnicity; handbags_color: metrics=handbags_texture more=handbags_color;
# cityscapes_synthia: metrics=daytime more=daytime.
title = 'DRIT on {set} (thesis section 5.6)'
variables = dict(set='handbags_texture', metrics='handbags_color', more='handbags_texture')
prerequisites = [
    dict(config='configs/udit/metric_{metrics}.py', work_dir='work_dirs/udit/metric_{metrics}'),
    dict(config='configs/udit/metric_{more}.py', work_dir='work_dirs/udit/metric_{more}'),
]
base = dict(config='configs/baselines/drit_{set}_128.py', options={'randomness.seed': '{seed}'})
rows = [dict(name='DRIT')]
seeds = [0, 1, 2]
