# What attention, conditional norms and the latent code loss do between four hues, at 32x32 and at 64x64.
# mmgentransfer sweep configs/sdit/toy32_ablations.py --jobs 2
title = 'SDIT between four hues of objects at 32x32 and 64x64 (2,000 iterations)'
base = dict(config='configs/sdit/toy32_sdit.py', options={'randomness.seed': '{seed}'})
_losses, _generator, _judge = 'model.losses', 'model.networks.generator', 'model.networks.discriminator'
_parts = {
    'full': {},
    'without attention': {f'{_generator}.attention': None},
    'latent 0': {f'{_losses}.{name}_latent.loss_weight': 0 for name in ('generator', 'discriminator')},
    'gate': {f'{_generator}.fusion': 'gate'},
}
_metrics = [f'val_evaluator.metrics.{index}.classifier.image_size' for index in (0, 1)]
_sides = ['train_dataloader.dataset.image_size', 'val_dataloader.dataset.image_size', f'{_judge}.image_size']
_at_64 = {**dict.fromkeys([*_metrics, *_sides], 64), f'{_judge}.num_layers': 5}
rows = [dict(name=f'{name}, 32', options=options) for name, options in _parts.items()]
rows += [dict(name=f'{name}, 64', options={**options, **_at_64}) for name, options in _parts.items()]
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification', name='target accuracy', precision=1, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity within an input', precision=3, better='higher'),
    dict(key='reverse_classification', name='reverse classification', precision=1, better='higher'),
    dict(key='diversity_fg_bg', name='diversity inside / outside', precision=2, better='higher'),
]
