# A fourth modality, near-infrared, that labels have never met either (the form of thesis Table 4.8).
# mmgentransfer sweep configs/mmnets/toy_four_modalities.py --jobs 2
title = 'Four modalities of rendered scenes: colour with labels; colour with depth and near-infrared'
base = dict(config='configs/mmnets/toy_scenes4.py')
rows = [
    dict(name='M&MNets', options={'model.stages.2.loss_weights.pseudo': 0}),
    dict(name='M&MNets+PP'),
]
seeds = [0, 1, 2]
_tasks = dict(D2S='D to S', N2S='N to S', R2S='R to S', RD2S='(R,D) to S', RN2S='(R,N) to S', RDN2S='(R,D,N) to S')
columns = [
    *(dict(key=f'{key}/miou', name=f'{name}, mIoU', precision=1, better='higher') for key, name in _tasks.items()),
    dict(key='S2D/rmse', name='S to D, RMSE', precision=2),
    dict(key='alignment_depth_segmentation', name='AF DS', precision=2, better='higher'),
    dict(key='alignment_nir_segmentation', name='AF NS', precision=2, better='higher'),
]
