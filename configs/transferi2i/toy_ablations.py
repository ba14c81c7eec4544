# What each part of TransferI2I does on discs and squares at 16x16, and DeepI2I.
# mmgentransfer sweep configs/transferi2i/toy_ablations.py --jobs 2
title = 'TransferI2I from red discs to blue squares at 16x16, 100 images of each'
prerequisites = [
    dict(config=f'configs/{folder}/{name}.py', work_dir=f'work_dirs/{folder}/{name}')
    for folder, name in [
        ('classifiers', 'shapes_16'),
        ('classifiers', 'colours_16'),
        ('transferi2i', 'toy_source_shapes-16x16'),
    ]
]
base = dict(config='configs/transferi2i/toy_biggan_shapes-16x16.py')
_a, _b, _c = (
    dict(name='st_init', iters=600),
    dict(name='self_init', iters=200, reset_optimizers=True),
    dict(name='transfer', iters=150, reset_optimizers=True),
)
_iters = ('train_cfg.max_iters', 'train_cfg.val_interval')
_networks, _losses = 'model.networks', 'model.losses'
_scratch = {f'{_networks}.{name}.init_cfg': None for name in ('generator', 'discriminator')}
_frozen = dict(_c, freeze=['encoder'])
_deepi2i = {
    'model.stages': [dict(_frozen, iters=50, freeze=['encoder', 'generator']), dict(_frozen, iters=100)],
    **dict.fromkeys(_iters, 150),
    f'{_networks}.aux_generator': None,
    f'{_networks}.adaptor.fusion': dict(weights=0.1),
    f'{_losses}.reconstruction': dict(type='FeatureReconstructionLoss', norm='mse', alpha=0.1),
}
rows = [
    dict(name='full'),
    dict(name='no pre-training, A random', options={**_scratch, 'model.stages': [_c], **dict.fromkeys(_iters, 150)}),
    dict(name='no source-target initialisation', options={'model.stages': [_b, _c], **dict.fromkeys(_iters, 350)}),
    dict(name='no self-initialisation', options={'model.stages': [_a, _c], **dict.fromkeys(_iters, 750)}),
    dict(name='no auxiliary generator', options={f'{_networks}.aux_generator': None}),
    dict(name='no L_rec', options={f'{_losses}.reconstruction.loss_weight': 0}),
    dict(name='E frozen', options={'model.stages': [_a, _b, _frozen]}),
    dict(name='DeepI2I', options=_deepi2i),
]
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification_shapes', name='square, %', precision=1, better='higher'),
    dict(key='forward_classification_colours', name='blue, %', precision=1, better='higher'),
    dict(key='centroid_error', name='centroid error, pixels', precision=2, better='lower'),
    dict(key='fid_shapes', name='FID (shapes)', precision=2, better='lower'),
    dict(key='kid_shapes', name='KID (shapes)', precision=2, better='lower'),
]
