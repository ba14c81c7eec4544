# Pseudo-pairs with batch norms in colour's encoder: its labels, which are the targets, are then right for more seeds.
# Against as many iterations without pseudo-pairs. To hold: depth to labels gains 1 point of mIoU in the mean, and 1
# point of global accuracy with every seed.
# mmgentransfer sweep configs/mmnets/toy_pseudo_pairs.py --jobs 2
title = 'M&MNets on rendered scenes: pseudo-pairs, batch norms in the encoder of colour (300 + 300 + 150 iterations)'
base = dict(
    config='configs/mmnets/toy_scenes.py',
    options={'model.networks.encoders.rgb.norm_cfg': dict(_delete_=True, type='BN')},
)
rows = [
    dict(name='M&MNets', options={'model.stages.2.loss_weights.pseudo': 0}),
    dict(name='M&MNets+PP'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='D2S/miou', at=600, name='D to S, mIoU at 600', precision=1, better='higher'),
    dict(key='D2S/miou', name='at 750', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='D2R2S/miou', name='D to R to S, mIoU', precision=1, better='higher'),
    dict(key='R2S/miou', name='R to S', precision=1, better='higher'),
    dict(key='RD2S/miou', name='(R,D) to S', precision=1, better='higher'),
    dict(key='S2D/rmse', name='S to D, RMSE', precision=2),
    dict(key='R2D/rmse', name='R to D', precision=2),
]
