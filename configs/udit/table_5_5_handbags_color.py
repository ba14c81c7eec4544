# A row of thesis Table 5.5: accuracy by the width D of the reduction.
# mmgentransfer sweep configs/udit/table_5_5_handbags_color.py
# mmgentransfer choose-reduction work_dirs/udit/table_5_5_handbags_color --num-classes 11
title = 'Colour: accuracy by the width of the reduction (thesis Table 5.5)'
base = dict(config='configs/udit/extractor_handbags_color.py', options={'randomness.seed': '{seed}'})
_dim = 'model.networks.classifier.reduce_dim'
rows = [dict(name=f'D = {d}', options={_dim: d}) for d in (2, 8, 16, 32, 64, 128, 256)]
seeds = [0]
columns = [dict(key='accuracy', at='best', name='accuracy (%)', precision=1, better='higher')]
