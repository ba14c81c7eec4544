# Depth to labels and back on rendered scenes, by M&MNets, by the methods that they are compared with, and by networks
# that see the pairs (the form of thesis Tables 4.4 and 4.5).
# mmgentransfer sweep configs/mmnets/toy_baselines.py --jobs 2
title = 'Depth to labels and labels to depth of rendered scenes, which never met'
base = dict(config='configs/mmnets/toy_scenes.py')
_no_pairs = {'model.stages.2.loss_weights.pseudo': 0}
_through_colour = {
    'val_cfg.tasks': [
        dict(name='D2S', source=['depth'], target='segmentation', via=['rgb']),
        dict(name='S2D', source=['segmentation'], target='depth', via=['rgb']),
    ]
}
_scenes = 'configs/mmnets/toy_scenes'
rows = [
    dict(name='CycleGAN', config=f'{_scenes}_cyclegan.py'),
    dict(name='2x pix2pix', config=f'{_scenes}_pix2pix.py', options=_through_colour),
    dict(name='StarGAN (unpaired)', config=f'{_scenes}_stargan_unpaired.py'),
    dict(name='StarGAN (paired)', config=f'{_scenes}_stargan_paired.py'),
    dict(name='M&MNets through colour', options={**_no_pairs, **_through_colour}),
    dict(name='M&MNets', options=_no_pairs),
    dict(name='M&MNets+PP'),
    dict(name='Oracle', config=f'{_scenes}_oracle.py'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='D2S/miou', name='D to S, mIoU', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='S2D/rmse', name='S to D, RMSE', precision=2),
    dict(key='S2D/delta1', name='delta 1', precision=2, better='higher'),
]
