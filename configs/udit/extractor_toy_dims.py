# Accuracy by the width D of the reduction (the form of thesis Table 5.5), for the texture of rendered handbags.
# mmgentransfer sweep configs/udit/extractor_toy_dims.py
# mmgentransfer choose-reduction work_dirs/udit/extractor_toy_dims
title = 'Texture of rendered handbags'
base = dict(config='configs/udit/extractor_toy_texture.py', options={'randomness.seed': '{seed}'})
_dim = 'model.networks.classifier.reduce_dim'
rows = [*(dict(name=f'D = {d}', options={_dim: d}) for d in (2, 4, 8, 16)), dict(name='none', options={_dim: None})]
seeds = [0, 1, 2]
columns = [dict(key='accuracy', name='accuracy (%)', precision=1, better='higher')]
