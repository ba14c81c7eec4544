# Thesis Fig. A.1: networks of half the width (2,401,443 and 1,877,121 parameters), ImageNet to 10,000 Bedrooms.
title = 'TransferGAN at half capacity, ImageNet to 10K Bedrooms (thesis Fig. A.1)'
_half = {f'model.networks.{network}.base_channels': 32 for network in ('generator', 'critic')}
_source = 'work_dirs/transfergan/source_imagenet_64_half'
prerequisites = [dict(config='configs/transfergan/source_imagenet_64.py', work_dir=_source, options=_half)]
base = dict(
    config='configs/transfergan/bedroom_64.py',
    options={
        **_half,
        'train_dataloader.dataset.num_images': 10000,
        'test_evaluator.metrics.0.critic.base_channels': 32,
    },
)
_networks = ('generator', 'critic')
_scratch = {f'model.networks.{network}.init_cfg': None for network in _networks}
_pretrained = {f'model.networks.{network}.init_cfg.checkpoint': _source for network in _networks}
rows = [
    dict(name='imagenet2bedroom10k_half_scratch', options=_scratch),
    dict(name='imagenet2bedroom10k_half_pre', options=_pretrained),
]
seeds = [0]
columns = [dict(key='fid_inception', at=at, name=f'FID at {at}', precision=2) for at in (1000, 10000, 20000, 40000)]
