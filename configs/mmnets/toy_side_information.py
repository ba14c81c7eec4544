# What decoders know beside the latent (the form of thesis Table 4.2): the simple scenes, and richer ones at 64x64 with
# eight classes and small objects. The first two stages, without pseudo-pairs.
# mmgentransfer sweep configs/mmnets/toy_side_information.py --jobs 2
title = 'Side information: seen and unseen translations of rendered scenes (300 + 300 iterations)'
base = dict(
    config='configs/mmnets/toy_scenes.py',
    options={
        'randomness.seed': '{seed}',
        'model.stages.2': {'iters': 1, 'loss_weights': {'pseudo': 0}},
        'train_cfg.max_iters': 601,
        'train_cfg.val_interval': 300,
    },
)
rows = []
for _scenes, _config in (('simple', None), ('rich', 'configs/mmnets/toy_scenes_rich.py')):
    for _kind in ('none', 'skip', 'pooling_indices'):
        _options = {f'model.networks.decoders.{m}.side_info': _kind for m in ('depth', 'segmentation')}
        rows.append(
            dict(name=f'{_scenes} scenes, {_kind}', options=_options, **(dict(config=_config) if _config else {}))
        )
seeds = [0, 1, 2]
columns = [
    dict(key='D2S/miou', name='D to S (unseen), mIoU', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='S2D/rmse', name='S to D (unseen), RMSE', precision=2),
    dict(key='R2S/miou', name='R to S (seen), mIoU', precision=1, better='higher'),
    dict(key='R2D/rmse', name='R to D (seen), RMSE', precision=2),
    dict(key='D2R2S/miou', name='D to R to S', precision=1, better='higher'),
]
