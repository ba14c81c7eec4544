# Thesis Table 2.1: which of the two networks should be pre-trained. ImageNet to 100,000 Bedrooms.
title = 'TransferGAN, ImageNet to 100K Bedrooms: which network is pre-trained (thesis Table 2.1)'
prerequisites = [
    dict(config='configs/transfergan/source_imagenet_64.py', work_dir='work_dirs/transfergan/source_imagenet_64'),
]
base = dict(config='configs/transfergan/bedroom_64.py')
_scratch_generator = {'model.networks.generator.init_cfg': None}
_scratch_critic = {'model.networks.critic.init_cfg': None}
rows = [
    dict(name='imagenet2bedroom100k_scratch', options={**_scratch_generator, **_scratch_critic}),
    dict(name='imagenet2bedroom100k_dpre', options=_scratch_generator),
    dict(name='imagenet2bedroom100k_gpre', options=_scratch_critic),
    dict(name='imagenet2bedroom100k_pre'),
]
seeds = [0]
columns = [dict(key='fid_inception', name='FID', precision=2)]
test = True  # the independent Wasserstein critic
columns += [dict(key='test_iw_reported', name='IW', precision=2)]
