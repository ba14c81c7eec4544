# What attention, and scales or shifts from the code, do between four hues, at 32x32 and at 64x64; and at 32x32 with the
# weights of 16x16 and codes of eight numbers, as in the thesis.
# mmgentransfer sweep configs/sdit/toy32_ablations.py --jobs 2
title = 'SDIT between four hues of objects at 32x32 and 64x64'
base = dict(config='configs/sdit/toy32_sdit.py', options={'randomness.seed': '{seed}'})
_losses, _generator, _judge = 'model.losses', 'model.networks.generator', 'model.networks.discriminator'
_latents = [f'{_losses}.{name}_latent.loss_weight' for name in ('generator', 'discriminator')]
_no_attention, _no_latent = {f'{_generator}.attention': None}, dict.fromkeys(_latents, 0)
_mode = f'{_generator}.translator.cin_mode'
_parts = {
    'full': {},
    'without attention': _no_attention,
    'gamma only, without attention': {**_no_attention, _mode: 'gamma'},
    'beta only, without attention': {**_no_attention, _mode: 'beta'},
    # the form of thesis figure 6.6
    'latent 0, gamma only, without attention': {**_no_attention, **_no_latent, _mode: 'gamma'},
    'latent 0, beta only, without attention': {**_no_attention, **_no_latent, _mode: 'beta'},
}
_metrics = [f'val_evaluator.metrics.{index}.classifier.image_size' for index in (0, 1)]
_sides = ['train_dataloader.dataset.image_size', 'val_dataloader.dataset.image_size', f'{_judge}.image_size']
_at_64 = {**dict.fromkeys([*_metrics, *_sides], 64), f'{_judge}.num_layers': 5}
_weights_of_16 = {f'{_losses}.reconstruction.loss_weight': 10, **dict.fromkeys(_latents, 3)}
_code_of_8 = dict.fromkeys([f'{_generator}.mapping.code_dim', f'{_judge}.code_head.code_dim'], 8)
_longer = dict.fromkeys(['train_cfg.max_iters', 'train_cfg.val_interval'], 2000)
_attention = ('full', 'without attention')
rows = [dict(name=f'{name}, 32', options=options) for name, options in _parts.items()]
rows += [
    dict(name=f'{name}, 32, code of 8', options={**_parts[name], **_weights_of_16, **_code_of_8, **_longer})
    for name in _attention
]
rows += [dict(name=f'{name}, 64', options={**_parts[name], **_at_64}) for name in _attention]
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification', name='target accuracy', precision=1, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity within an input', precision=3, better='higher'),
    dict(key='reverse_classification', name='reverse classification', precision=1, better='higher'),
    dict(key='change_inside', name='change inside', precision=3),
    dict(key='change_outside', name='change outside', precision=3, better='lower'),
    dict(key='diversity_fg_bg', name='diversity inside / outside', precision=2, better='higher'),
]
