# Thesis Table 2.7 (its FIDs; the rows of 10K are the end of Table 2.6), and Cond Concat at 10K (Fig. 2.5).
title = 'AC-GAN, Places to ten LSUN classes: images of each class (thesis Tables 2.6 and 2.7)'
prerequisites = [
    dict(config='configs/transfergan/source_places_64.py', work_dir='work_dirs/transfergan/source_places_64'),
]
base = dict(config='configs/transfergan/lsun10_acgan.py')
_images = 'train_dataloader.dataset.num_per_class'
# 1,000 images in all are few: the learning rate of thesis section 2.3.3 for such sets
_slow = {f'optim_wrapper.{player}.optimizer.lr': 1e-5 for player in ('critic', 'generator')}
_sizes = {'100': {_images: 100, **_slow}, '1k': {_images: 1000}, '10k': {_images: 10000}}
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
_concat = {'model.networks.generator.cond_mode': 'concat'}
rows = [
    dict(name=f'places2lsun10_bnorm_{size}_{start}', options={**options, **weights})
    for size, options in _sizes.items()
    for start, weights in (('scratch', _scratch), ('pre', {}))
]
rows += [
    dict(name='places2lsun10_concat_10k_scratch', options={**_concat, **_scratch}),
    dict(
        name='places2lsun10_concat_10k_pre',
        options={**_concat, 'model.networks.generator.init_cfg.strategy': 'uncond_to_concat'},
    ),
]
seeds = [0]
columns = [
    dict(key='classwise_fid_inception_avg', name='FID, mean of classes', precision=1),
    dict(key='classwise_fid_inception_all', name='FID, all', precision=1),
]
