# Thesis Table 4.3: what each part adds, and what pooling indices in the decoder of colour cost. SceneNet-51K, depth to
# labels. All rows but the last are without pseudo-pairs: of the third stage one iteration is left.
title = 'M&MNets on SceneNet-51K: autoencoders, latent consistency, noise, pseudo-pairs (thesis Table 4.3)'
base = dict(config='configs/mmnets/scenenet51k.py')
_no_pairs = {'model.stages.2.iters': 1, 'model.stages.2.loss_weights.pseudo': 0, 'train_cfg.max_iters': 400001}
_no_noise = {f'model.stages.{stage}.settings.noise': 0.0 for stage in (1, 2)}
_no_latent = {f'model.stages.{stage}.loss_weights.latent': 0 for stage in (1, 2)}
_no_autoencoders = {f'model.stages.{stage}.loss_weights.autoencoder': 0 for stage in (1, 2)}
_rgb_indices = {
    'model.networks.decoders.rgb': {
        '_delete_': True, 'type': 'SegNetDecoder', 'out_channels': 3, 'out_act': 'tanh',
    }
}  # fmt: skip
rows = [
    dict(name='scenenet51k_none', options={**_no_pairs, **_no_noise, **_no_latent, **_no_autoencoders}),
    dict(name='scenenet51k_ae', options={**_no_pairs, **_no_noise, **_no_latent}),
    dict(name='scenenet51k_ae_lat', options={**_no_pairs, **_no_noise}),
    dict(name='scenenet51k_ae_lat_noise', options=_no_pairs),
    dict(name='scenenet51k_rgbpi', options={**_no_pairs, **_rgb_indices}),
    dict(name='scenenet51k_full_pp'),
]
seeds = [0]
columns = [
    dict(key='D2S/miou', name='D to S, mIoU', precision=1, better='higher'),
    dict(key='D2S/global', name='global', precision=1, better='higher'),
    dict(key='alignment_depth_segmentation', name='AF DS', precision=2, better='higher'),
]
