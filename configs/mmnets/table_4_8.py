# Thesis Table 4.8: Freiburg Forest. One run has the scores without pseudo-pairs, at 400,000 iterations, and with them,
# at its end: the last row. Before it what M&MNets are compared with; CycleGAN and the oracles of one source need a run
# for each of depth and near-infrared.
title = 'M&MNets on Freiburg Forest: depth and near-infrared to labels (thesis Table 4.8)'
base = dict(config='configs/mmnets/freiburg_forest.py')
_fused = {'_delete_': True, 'RDNS': ['rgb', 'depth', 'nir', 'segmentation']}  # the oracle of all sources sees all
_oracle_of_fusion = {
    'model.graph': {'sets': _fused, 'pseudo_pairs': []},
    'train_dataloader.dataset': {'sets': _fused, 'split_file': None},
    'model.stages.2': {'iters': 1, 'loss_weights': {'pseudo': 0}},
    'train_cfg.max_iters': 400001,
}
_compared = ('cyclegan', 'cyclegan_nir', 'pix2pix', 'stargan', 'oracle', 'oracle_nir')
rows = [dict(name=f'freiburg_{name}', config=f'configs/mmnets/freiburg_{name}.py') for name in _compared]
rows += [dict(name='freiburg_oracle_fusion', options=_oracle_of_fusion), dict(name='freiburg_forest')]
seeds = [0]
_tasks = dict(D2S='D to S', N2S='N to S', RD2S='(R,D) to S', RN2S='(R,N) to S', RDN2S='(R,D,N) to S')
columns = [
    dict(key='D2R2S/miou', at=400000, name='D to R to S, mIoU', precision=1, better='higher'),
    dict(key='N2R2S/miou', at=400000, name='N to R to S', precision=1, better='higher'),
]
columns += [
    dict(key=f'{key}/miou', name=f'{name}{suffix}', precision=1, better='higher', **at)
    for key, name in _tasks.items()
    for suffix, at in (('', dict(at=400000)), (', PP', dict()))
]
