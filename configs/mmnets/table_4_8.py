# Thesis Table 4.8: Freiburg Forest. One run has the scores without pseudo-pairs, at 400,000 iterations, and with them,
# at its end.
title = 'M&MNets on Freiburg Forest: depth and near-infrared to labels (thesis Table 4.8)'
base = dict(config='configs/mmnets/freiburg_forest.py')
rows = [dict(name='freiburg_forest')]
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
