# Thesis Table 2.7: accuracy and FID of AC-GANs (Cond BNorm) that were trained on 100, 1K and 10K images of each class.
title = 'AC-GAN, Places to ten LSUN classes: images of each class (thesis Table 2.7)'
prerequisites = [
    dict(config='configs/transfergan/source_places_64.py', work_dir='work_dirs/transfergan/source_places_64'),
    dict(config='configs/classifiers/lsun10_64.py', work_dir='work_dirs/classifiers/lsun10_64'),
]
base = dict(config='configs/transfergan/lsun10_acgan.py')
_images = 'train_dataloader.dataset.num_per_class'
# 1,000 images in all are few: the learning rate of thesis section 2.3.3 for such sets
_slow = {f'optim_wrapper.{player}.optimizer.lr': 1e-5 for player in ('critic', 'generator')}
_sizes = {'100': {_images: 100, **_slow}, '1k': {_images: 1000}, '10k': {_images: 10000}}
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
rows = [
    dict(name=f'places2lsun10_bnorm_{size}_{start}', options={**options, **weights})
    for size, options in _sizes.items()
    for start, weights in (('scratch', _scratch), ('pre', {}))
]
seeds = [0]
# the table's order of the classes; the numbers are those of class_order in lsun10_64_target.py
_labels = dict(bedr=0, bridge=5, church=8, classr=7, confer=3, dining=2, kitchen=1, living=4, rest=9, tower=6)
columns = [
    dict(key=f'accuracy_lsun10_{label}', name=f'{name} %', precision=1, better='higher')
    for name, label in _labels.items()
]
columns += [
    dict(key='accuracy_lsun10', name='avg. %', precision=1, better='higher'),
    dict(key='fid_inception', name='FID', precision=1),
]
