# What each part adds (the form of thesis Table 4.3, on rendered scenes).
# mmgentransfer sweep configs/mmnets/toy_components.py --jobs 2
title = 'M&MNets on rendered scenes: depth to labels and back without a common sample (300 + 300 (+ 150) iterations)'
base = dict(config='configs/mmnets/toy_scenes.py', options={'randomness.seed': '{seed}'})
_no_pairs = {'model.stages.2.loss_weights.pseudo': 0}
_no_noise = {f'model.stages.{stage}.settings.noise': 0.0 for stage in (1, 2)}
_no_latent = {f'model.stages.{stage}.loss_weights.latent': 0 for stage in (1, 2)}
_no_autoencoders = {f'model.stages.{stage}.loss_weights.autoencoder': 0 for stage in (1, 2)}
rows = [
    dict(name='translators alone', options={**_no_pairs, **_no_noise, **_no_latent, **_no_autoencoders}),
    dict(name='+ autoencoders', options={**_no_pairs, **_no_noise, **_no_latent}),
    dict(name='+ latent consistency', options={**_no_pairs, **_no_noise}),
    dict(name='+ noise', options=_no_pairs),
    dict(name='+ pseudo-pairs'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='D2S/miou', at=600, name='D to S, mIoU at 600', precision=1, better='higher'),
    dict(key='D2S/miou', name='at 750', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='S2D/rmse', name='S to D, RMSE', precision=2),
    dict(key='S2D/delta1', name='delta 1', precision=2, better='higher'),
    dict(key='RD2S/miou', name='(R,D) to S', precision=1, better='higher'),
    dict(key='R2S/miou', name='R to S', precision=1, better='higher'),
    dict(key='D2R2S/miou', name='D to R to S', precision=1, better='higher'),
    dict(key='alignment_rgb_segmentation', name='AF RS', precision=2, better='higher'),
    dict(key='alignment_depth_rgb', name='AF RD', precision=2, better='higher'),
    dict(key='alignment_depth_segmentation', name='AF DS', precision=2, better='higher'),
]
