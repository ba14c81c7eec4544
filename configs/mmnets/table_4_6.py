# Thesis Tables 4.6 and 4.7: SUN RGB-D. One run has the scores without pseudo-pairs, at 400,000 iterations, and with
# them, at its end: the last row. Before it the cascade of networks with skip connections, whose first two stages count,
# and what M&MNets are compared with.
title = 'M&MNets on SUN RGB-D: depth to labels and labels to depth (thesis Tables 4.6 and 4.7)'
base = dict(config='configs/mmnets/sunrgbd.py')
_skips = {f'model.networks.decoders.{m}.side_info': 'skip' for m in ('depth', 'segmentation')}
_rgb_skips = {'_delete_': True, 'type': 'SegNetDecoder', 'out_channels': 3, 'out_act': 'tanh', 'side_info': 'skip'}
_fused = {'_delete_': True, 'RDS': ['rgb', 'depth', 'segmentation']}  # the oracle of several sources sees all triplets
_oracle_of_fusion = {
    'model.graph': {'sets': _fused, 'pseudo_pairs': []},
    'train_dataloader.dataset': {'sets': _fused, 'split_file': None},
    'model.stages.2': {'iters': 1, 'loss_weights': {'pseudo': 0}},
    'train_cfg.max_iters': 400001,
}
rows = [
    dict(name='sunrgbd_cyclegan', config='configs/mmnets/sunrgbd_cyclegan.py'),
    dict(name='sunrgbd_pix2pix', config='configs/mmnets/sunrgbd_pix2pix.py'),
    dict(name='sunrgbd_stargan_unpaired', config='configs/mmnets/sunrgbd_stargan_unpaired.py'),
    dict(name='sunrgbd_stargan_paired', config='configs/mmnets/sunrgbd_stargan_paired.py'),
    dict(name='sunrgbd_oracle', config='configs/mmnets/sunrgbd_oracle.py'),
    dict(name='sunrgbd_oracle_fusion', options=_oracle_of_fusion),
    dict(
        name='sunrgbd_cascade_sc',
        options={
            **_skips,
            'model.networks.decoders.rgb': _rgb_skips,
            'model.stages.2': {'iters': 1, 'loss_weights': {'pseudo': 0}},
            'train_cfg.max_iters': 400001,
        },
    ),
    dict(name='sunrgbd'),
]
seeds = [0]
columns = [
    dict(key='D2R2S/miou', at=400000, name='D to R to S, mIoU', precision=1, better='higher'),
    dict(key='D2S/miou', at=400000, name='D to S', precision=1, better='higher'),
    dict(key='D2S/miou', name='D to S, PP', precision=1, better='higher'),
    dict(key='D2S/global', name='global, PP', precision=1, better='higher'),
    dict(key='RD2S/miou', at=400000, name='(R,D) to S', precision=1, better='higher'),
    dict(key='RD2S/miou', name='(R,D) to S, PP', precision=1, better='higher'),
    dict(key='S2R2D/rmse', at=400000, name='S to R to D, RMSE', precision=2),
    dict(key='S2D/rmse', at=400000, name='S to D', precision=2),
    dict(key='S2D/rmse', name='S to D, PP', precision=2),
    dict(key='S2D/delta1', name='delta 1, PP', precision=2, better='higher'),
    dict(key='RS2D/rmse', name='(R,S) to D, PP', precision=2),
]
