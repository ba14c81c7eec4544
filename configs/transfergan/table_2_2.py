# Thesis Table 2.2: the size of the target set. ImageNet to 1K ... 1M Bedrooms, from scratch and pre-trained.
title = 'TransferGAN, ImageNet to Bedrooms: number of target images (thesis Table 2.2)'
prerequisites = [
    dict(config='configs/transfergan/source_imagenet_64.py', work_dir='work_dirs/transfergan/source_imagenet_64'),
]
base = dict(config='configs/transfergan/bedroom_64.py')
_images = 'train_dataloader.dataset.num_images'
_files = {  # half a million images and more are not kept in memory
    'train_dataloader.dataset.cache': 'none',
    'train_dataloader.dataset.check': 'none',
    'train_dataloader.num_workers': 8,
}
_slow = {f'optim_wrapper.{player}.optimizer.lr': 1e-5 for player in ('critic', 'generator')}  # thesis section 2.3.3
_sizes = {
    '1k': {_images: 1000, **_slow},
    '5k': {_images: 5000},
    '10k': {_images: 10000},
    '50k': {_images: 50000},
    '100k': {_images: 100000},
    '500k': {_images: 500000, **_files},
    '1m': {_images: 1000000, **_files},
}
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
rows = [
    dict(name=f'imagenet2bedroom{size}_{start}', options={**options, **weights})
    for size, options in _sizes.items()
    for start, weights in (('scratch', _scratch), ('pre', {}))
]
# The thesis states 1e-5 for fine-tuning only; from scratch it may be under-training that costs, not lack of data.
rows.insert(1, dict(name='imagenet2bedroom1k_scratch_lr1e-4', options={_images: 1000, **_scratch}))
seeds = [0]
columns = [dict(key='fid_inception', name='FID', precision=2)]
test = True  # the independent Wasserstein critic
columns += [dict(key='test_iw_reported', name='IW', precision=2)]
