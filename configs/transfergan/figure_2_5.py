# Thesis Fig. 2.5, left: Cond BNorm, Cond Concat and no conditioning on 10K images of each of ten LSUN classes.
title = 'Places to ten LSUN classes: kinds of conditioning, FID of all images (thesis Fig. 2.5, left)'
prerequisites = [
    dict(config='configs/transfergan/source_places_64.py', work_dir='work_dirs/transfergan/source_places_64'),
    dict(config='configs/classifiers/lsun10_64.py', work_dir='work_dirs/classifiers/lsun10_64'),
]
base = dict(config='configs/transfergan/lsun10_acgan.py')
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
_concat = {'model.networks.generator.cond_mode': 'concat'}
_concat_pre = {**_concat, 'model.networks.generator.init_cfg.strategy': 'uncond_to_concat'}
_unconditional = 'configs/transfergan/lsun10_64.py'
rows = [
    dict(name='places2lsun10_bnorm_10k_scratch', options=_scratch),
    dict(name='places2lsun10_bnorm_10k_pre'),
    dict(name='places2lsun10_concat_10k_scratch', options={**_concat, **_scratch}),
    dict(name='places2lsun10_concat_10k_pre', options=_concat_pre),
    dict(name='places2lsun10_uncond_10k_scratch', config=_unconditional, options=_scratch),
    dict(name='places2lsun10_uncond_10k_pre', config=_unconditional),
]
seeds = [0]
columns = [dict(key='fid_inception', at=at, name=f'FID at {at}', precision=1) for at in (250, 2500, 5000, 10000, 25000)]
