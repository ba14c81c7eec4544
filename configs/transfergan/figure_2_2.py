# Thesis Fig. 2.2: the same latents every 2,000 iterations, ImageNet to 100,000 Bedrooms, in strip.png of each run.
title = 'TransferGAN, ImageNet to 100K Bedrooms: samples over 10,000 iterations (thesis Fig. 2.2)'
prerequisites = [
    dict(config='configs/transfergan/source_imagenet_64.py', work_dir='work_dirs/transfergan/source_imagenet_64'),
]
base = dict(
    config='configs/transfergan/bedroom_64.py',
    options={
        'train_cfg.max_iters': 10000,
        'default_hooks.sample_grid.num': None,
        'default_hooks.sample_grid.interval': 2000,
    },
)
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
rows = [dict(name='imagenet2bedroom_strip_scratch', options=_scratch), dict(name='imagenet2bedroom_strip_pre')]
seeds = [0]
columns = [dict(key='fid_inception', at=at, name=f'FID at {at}', precision=2) for at in (0, 2000, 4000, 10000)]
