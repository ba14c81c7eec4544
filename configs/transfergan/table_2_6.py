# Thesis Table 2.6: FID of each class after 250, 2,500 and 25,000 iterations on 10K images of each class (Cond BNorm).
title = 'AC-GAN, Places to ten LSUN classes: FID of each class (thesis Table 2.6)'
prerequisites = [
    dict(config='configs/transfergan/source_places_64.py', work_dir='work_dirs/transfergan/source_places_64'),
    dict(config='configs/classifiers/lsun10_64.py', work_dir='work_dirs/classifiers/lsun10_64'),
]
base = dict(config='configs/transfergan/lsun10_acgan.py')
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
rows = [
    dict(name='places2lsun10_bnorm_10k_scratch', options=_scratch),
    dict(name='places2lsun10_bnorm_10k_pre'),
]
seeds = [0]
# the table's order of the classes; the numbers are those of class_order in lsun10_64_target.py
_classes = dict(bedr=0, bridge=5, church=8, classr=7, confer=3, dining=2, kitchen=1, living=4, rest=9, tower=6)
_classes |= dict(avg='avg', all='all')
columns = [
    dict(key=f'classwise_fid_inception_{label}', at=at, name=f'{name} at {at}', precision=1)
    for at in (250, 2500, 25000)
    for name, label in _classes.items()
]
