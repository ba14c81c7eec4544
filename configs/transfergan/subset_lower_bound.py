# Thesis section 2.3.5: FID of the training images themselves, for the sizes of Table 2.2 up to 100K. It says nothing
# about a model, so the GAN of each row is trained for one iteration only.
title = 'FID of n training Bedrooms to the reference of Table 2.2'
base = dict(
    config='configs/transfergan/bedroom_64.py',
    options={
        'model.networks.generator.init_cfg': None,
        'model.networks.critic.init_cfg': None,
        'train_cfg.max_iters': 1,
        'train_cfg.val_at_start': False,
        'val_cfg.num_images': 2,
        'val_evaluator.metrics': [dict(type='SubsetFIDLowerBound', extractor='inception')],
        'default_hooks.sample_grid': None,
    },
)
_sizes = {'1k': 1000, '5k': 5000, '10k': 10000, '50k': 50000, '100k': 100000}
rows = [
    dict(name=f'bedroom{name}', options={'train_dataloader.dataset.num_images': size}) for name, size in _sizes.items()
]
seeds = [0]
columns = [dict(key='fid_lower_bound_inception', name='FID of the training images', precision=2)]
