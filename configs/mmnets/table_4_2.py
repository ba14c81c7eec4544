# Thesis Table 4.2: what decoders know beside the latent, and whether colour starts from VGG-16. SceneNet-51K, depth to
# labels, without pseudo-pairs: of the third stage one iteration is left.
title = 'M&MNets on SceneNet-51K: side information and pre-training (thesis Table 4.2)'
base = dict(
    config='configs/mmnets/scenenet51k.py',
    options={'model.stages.2': {'iters': 1, 'loss_weights': {'pseudo': 0}}, 'train_cfg.max_iters': 400001},
)
_scratch = {'model.networks.encoders.rgb': {'_delete_': True, 'type': 'SegNetEncoder'}}  # with batch norms
rows = [
    dict(
        name=f'scenenet51k_{name}_scratch',
        options={**{f'model.networks.decoders.{m}.side_info': kind for m in ('depth', 'segmentation')}, **_scratch},
    )
    for name, kind in (('noside', 'none'), ('skip', 'skip'), ('pi', 'pooling_indices'))
]
rows.append(dict(name='scenenet51k_pi'))
seeds = [0]
columns = [
    dict(key='D2S/miou', name='D to S, mIoU', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='R2S/miou', name='R to S (seen), mIoU', precision=1, better='higher'),
]
